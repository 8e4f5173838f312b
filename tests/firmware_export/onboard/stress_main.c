/* Drives the controller with every kind of input, also with numbers that are none; run under
 * sanitizers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "s2m_controller.h"

static float any_number(void) {
  const int kind = rand() % 12;
  if (kind == 0) {
    return NAN;
  }
  if (kind == 1) {
    return INFINITY;
  }
  return 4.0f * ((float)rand() / (float)RAND_MAX - 0.5f) * (kind == 2 ? 1e30f : 1.0f);
}

int main(void) {
  static s2m_controller_t controller;
  s2m_config_t config;
  s2m_default_config(&config, 0.7f);
  s2m_init(&controller, &config);
  s2m_estimate_t estimate = {{0}, {0}, {1.0f, 0.0f, 0.0f, 0.0f}, {0}};
  s2m_setpoint_t setpoint = {0, 0, {0}, {0}};
  bool armed = false;
  uint32_t tick = 0xFFFFF000U; /* the clock wraps during the run */
  for (int i = 0; i < 300000; ++i, ++tick) {
    if (rand() % 300 == 0) {
      armed = !armed;
    }
    if (rand() % 40 == 0) {
      setpoint.mode = (uint32_t)(rand() % 6);
      setpoint.tick_ms = tick - (uint32_t)(rand() % 300);
      for (int k = 0; k < 3; ++k) {
        setpoint.position_w[k] = any_number();
        setpoint.velocity_w[k] = any_number();
      }
    }
    for (int k = 0; k < 3; ++k) {
      estimate.position_w[k] = rand() % 500 == 0 ? any_number() : 0.001f * (float)(rand() % 1000);
      estimate.angular_velocity_b[k] = rand() % 500 == 0 ? any_number() : 0.0f;
    }
    float motor[S2M_MOTORS];
    const s2m_mode_t mode = s2m_step(&controller, tick, armed, &estimate, &setpoint, motor);
    for (int k = 0; k < S2M_MOTORS; ++k) {
      if (!(motor[k] >= 0.0f && motor[k] <= 1.0f) || (!armed && motor[k] != 0.0f)) {
        printf("step %d, mode %d: motor %d is %g\n", i, (int)mode, k, (double)motor[k]);
        return 1;
      }
    }
  }
  printf("ok\n");
  return 0;
}
