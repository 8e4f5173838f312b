/* Units and frames of the Crazyflie's firmware <-> SI units of the on-board controller: here and
 * nowhere else.
 *
 * Both agree in: world z up, body x forward, y left, z up; position m, velocity m/s; motor order
 * (M1 front right, M2 back right, M3 back left, M4 front left; M1 and M3 push the body clockwise
 * seen from above).  The firmware differs in:
 *
 *   sensorData_t.gyro           deg/s  -> rad/s, same signs (its PID negates y for its own pitch)
 *   state_t.attitudeQuaternion  fields x, y, z, w -> wxyz; never the Euler angles of
 *                               state_t.attitude, which are degrees with the pitch inverted
 *   setpoint_t.velocity         body frame (yaw only) if velocity_body is set -> world
 *   control_t.normalizedForces  fraction of the largest thrust, where policies command fractions of
 *                               the largest rotor speed
 *
 * Source: crazyflie-firmware, stabilizer_types.h, estimator_kalman.c, controller_pid.c,
 * power_distribution_quadrotor.c. */
#ifndef CRAZYFLIE_UNITS_H
#define CRAZYFLIE_UNITS_H

#include "s2m_controller.h"
#include "stabilizer_types.h"

/* Thrust of one rotor, N, at speed fraction u: a + b u + c u^2, and what the firmware calls full
 * (THRUST_MAX in platform_defaults.h).  CRAZYFLIE_PWM for full_n: a firmware built without battery
 * compensation, where normalizedForces is the PWM ratio, which takes the speed fraction as it is.
 */
#define CRAZYFLIE_PWM 0.0f
typedef struct {
  float curve[3];
  float full_n;
} crazyflie_thrust_t;

/* State and gyroscope; a quaternion whose length is not 1 within 5 % comes out as NaN. */
void crazyflie_estimate(const state_t *state, const sensorData_t *sensors,
                        s2m_estimate_t *estimate);

/* Kind, place and velocity; tick_ms stays as it is, because the caller knows whose clock counts. */
void crazyflie_setpoint(const setpoint_t *setpoint, const s2m_estimate_t *estimate,
                        s2m_setpoint_t *result);

/* Rotor speed fractions in [0, 1] to the firmware's force mode; a motor at 0 gets no thrust. */
void crazyflie_motors(const float motor[S2M_MOTORS], const crazyflie_thrust_t *thrust,
                      control_t *control);

#endif
