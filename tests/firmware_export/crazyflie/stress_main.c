/* Drives the app with every kind of state and set-point, also with numbers that are none; run under
 * sanitizers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

static float any_number(void) {
  const int kind = rand() % 200;
  if (kind == 0) {
    return NAN;
  }
  if (kind == 1) {
    return INFINITY;
  }
  return 2.0f * ((float)rand() / (float)RAND_MAX - 0.5f) * (kind == 2 ? 1e30f : 1.0f);
}

static void any_state(state_t *state, sensorData_t *sensors) {
  state->position = (point_t){0, any_number(), any_number(), any_number()};
  state->velocity = (velocity_t){0, any_number(), any_number(), any_number()};
  state->attitudeQuaternion = (quaternion_t){0.1f * any_number(), 0.1f * any_number(), 0.0f, 1.0f};
  sensors->gyro = (Axis3f){100.0f * any_number(), any_number(), any_number()};
}

static void any_setpoint(setpoint_t *s) {
  s->timestamp = rand() % 50 == 0 ? 0U : world.tick_ms;
  s->mode.x = s->mode.y = (stab_mode_t)(rand() % 3);
  s->mode.z = (stab_mode_t)(rand() % 3);
  s->position = (point_t){0, any_number(), any_number(), any_number()};
  s->velocity = (velocity_t){0, any_number(), any_number(), any_number()};
  s->velocity_body = rand() % 2 == 0;
  s->thrust = rand() % 2 == 0 ? 0.0f : 30000.0f;
}

/* Returns whether what the firmware is told can be sent to motors. */
static bool is_sound(const control_t *control) {
  if (control->controlMode == controlModeLegacy) {
    return isfinite(control->thrust);
  }
  bool sound = control->controlMode == controlModeForce;
  for (int i = 0; i < 4; ++i) {
    sound = sound && control->normalizedForces[i] >= 0.0f && control->normalizedForces[i] <= 1.0f;
  }
  return sound;
}

int main(void) {
  static state_t state;
  static sensorData_t sensors;
  static setpoint_t setpoint;
  static control_t control;
  world.tick_ms = 0xFFFFF000U; /* the clock wraps during the run */
  world.connected = world.pid_ready = world.can_fly = 1;
  controllerOutOfTreeInit();
  for (uint32_t step = 1; step < 300000U; ++step, ++world.tick_ms) {
    if (rand() % 5 == 0) {
      any_state(&state, &sensors);
    }
    if (rand() % 40 == 0) {
      any_setpoint(&setpoint);
    }
    if (rand() % 500 == 0) {
      world.can_fly = rand() % 4 != 0;
      world.connected = rand() % 2 == 0;
      world.slow_us = rand() % 20 == 0 ? 20000U : 5U;
    }
    world.flying = rand() % 100 != 0;
    controllerOutOfTree(&control, &setpoint, &sensors, &state, step);
    if (!is_sound(&control)) {
      printf("step %u: a command that no motor can follow\n", step);
      return 1;
    }
  }
  puts("ok");
  return 0;
}
