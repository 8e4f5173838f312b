/* What the host's tests and the virtual robot read and break in the controller's memory. */
#include <math.h>
#include <stddef.h>

#include "s2m_controller.h"

extern const uint32_t s2m_sizes[4];
uint32_t s2m_steps_of(const s2m_controller_t *controller);
const float *s2m_observation_of(const s2m_controller_t *controller);
void s2m_corrupt_policy(s2m_controller_t *controller);
void s2m_corrupt_command(s2m_controller_t *controller);

const uint32_t s2m_sizes[4] = {(uint32_t)sizeof(s2m_config_t), (uint32_t)sizeof(s2m_estimate_t),
                               (uint32_t)sizeof(s2m_setpoint_t),
                               (uint32_t)sizeof(s2m_controller_t)};

uint32_t s2m_steps_of(const s2m_controller_t *controller) {
  return controller->steps;
}

const float *s2m_observation_of(const s2m_controller_t *controller) {
  return controller->observation;
}

/* As a flipped bit in RAM would: the policy's memory, or else what it saw last, is no number. */
void s2m_corrupt_policy(s2m_controller_t *controller) {
#if POLICY_STATE_SIZE > 0
  for (int i = 0; i < POLICY_STATE_SIZE; ++i) {
    controller->policy_state.value[i] = NAN;
  }
#else
  s2m_corrupt_command(controller);
#endif
}

/* The same in the command that is held between two policy steps. */
void s2m_corrupt_command(s2m_controller_t *controller) {
  controller->applied[0] = NAN;
}
