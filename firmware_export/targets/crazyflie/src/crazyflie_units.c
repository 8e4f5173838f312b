#include "crazyflie_units.h"

#include <math.h>

#define RAD_PER_DEG 0.017453292519943295f

static void unit_quaternion(const quaternion_t *q, float wxyz[4]) {
  const float square = q->w * q->w + q->x * q->x + q->y * q->y + q->z * q->z;
  const bool unit = square > 0.95f * 0.95f && square < 1.05f * 1.05f; /* false for NaN */
  const float scale = unit ? 1.0f / sqrtf(square) : NAN;
  wxyz[0] = scale * q->w;
  wxyz[1] = scale * q->x;
  wxyz[2] = scale * q->y;
  wxyz[3] = scale * q->z;
}

void crazyflie_estimate(const state_t *state, const sensorData_t *sensors,
                        s2m_estimate_t *estimate) {
  estimate->position_w[0] = state->position.x;
  estimate->position_w[1] = state->position.y;
  estimate->position_w[2] = state->position.z;
  estimate->velocity_w[0] = state->velocity.x;
  estimate->velocity_w[1] = state->velocity.y;
  estimate->velocity_w[2] = state->velocity.z;
  unit_quaternion(&state->attitudeQuaternion, estimate->attitude);
  estimate->angular_velocity_b[0] = RAD_PER_DEG * sensors->gyro.x;
  estimate->angular_velocity_b[1] = RAD_PER_DEG * sensors->gyro.y;
  estimate->angular_velocity_b[2] = RAD_PER_DEG * sensors->gyro.z;
}

/* What a set-point asks of a policy that holds places; attitude commands are none for it. */
static s2m_setpoint_mode_t kind_of(const setpoint_t *s) {
  if (s->mode.x == modeAbs && s->mode.y == modeAbs && s->mode.z == modeAbs) {
    return S2M_SETPOINT_POSITION;
  }
  if (s->mode.x == modeVelocity && s->mode.y == modeVelocity && s->mode.z == modeVelocity) {
    return S2M_SETPOINT_VELOCITY;
  }
  if (s->mode.x == modeVelocity && s->mode.y == modeVelocity && s->mode.z == modeAbs) {
    return S2M_SETPOINT_HOVER;
  }
  const bool no_place =
      s->mode.x == modeDisable && s->mode.y == modeDisable && s->mode.z == modeDisable;
  return no_place && !(s->thrust > 0.0f) ? S2M_SETPOINT_STOP : S2M_SETPOINT_NONE;
}

/* Rotate by the estimate's yaw, as the firmware's position controller does. */
static void to_world(const float wxyz[4], float velocity[3]) {
  const float w = wxyz[0], x = wxyz[1], y = wxyz[2], z = wxyz[3];
  const float yaw = atan2f(2.0f * (w * z + x * y), 1.0f - 2.0f * (y * y + z * z));
  const float c = cosf(yaw), k = sinf(yaw);
  const float forward = velocity[0], left = velocity[1];
  velocity[0] = c * forward - k * left;
  velocity[1] = k * forward + c * left;
}

void crazyflie_setpoint(const setpoint_t *setpoint, const s2m_estimate_t *estimate,
                        s2m_setpoint_t *result) {
  result->mode = (uint32_t)kind_of(setpoint);
  result->position_w[0] = setpoint->position.x;
  result->position_w[1] = setpoint->position.y;
  result->position_w[2] = setpoint->position.z;
  result->velocity_w[0] = setpoint->velocity.x;
  result->velocity_w[1] = setpoint->velocity.y;
  result->velocity_w[2] = setpoint->velocity.z;
  if (setpoint->velocity_body) {
    to_world(estimate->attitude, result->velocity_w);
  }
}

static float thrust_fraction(float speed, const crazyflie_thrust_t *thrust) {
  if (!(speed > 0.0f)) {
    return 0.0f; /* NaN, too */
  }
  const float force = thrust->curve[0] + speed * (thrust->curve[1] + speed * thrust->curve[2]);
  const float fraction = thrust->full_n > CRAZYFLIE_PWM ? force / thrust->full_n : speed;
  return fraction < 0.0f ? 0.0f : (fraction > 1.0f ? 1.0f : fraction);
}

void crazyflie_motors(const float motor[S2M_MOTORS], const crazyflie_thrust_t *thrust,
                      control_t *control) {
  control->controlMode = controlModeForce;
  for (int i = 0; i < S2M_MOTORS; ++i) {
    control->normalizedForces[i] = thrust_fraction(motor[i], thrust);
  }
}
