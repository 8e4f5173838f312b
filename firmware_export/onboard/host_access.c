/* What the host's tests and the virtual robot read and break in the controller's memory. */
#include <math.h>
#include <stddef.h>

#include "s2m_controller.h"
#ifdef POLICY_WEIGHTS_SIZE
#include "s2m_weights.h"
#endif

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

#ifdef S2M_SELF_TEST
int s2m_self_test_of(s2m_controller_t *controller);

/* Wrong values of the golden self-test. */
int s2m_self_test_of(s2m_controller_t *controller) {
  float largest_error;
  return policy_self_test(&controller->workspace, &largest_error);
}
#endif

/* Size of s2m_weights_t; 0 where the weights cannot be replaced. */
extern const uint32_t s2m_weights_memory;

#ifdef POLICY_WEIGHTS_SIZE
size_t s2m_weights_serve(s2m_weights_t *weights, s2m_controller_t *controller,
                         const uint8_t *packet, size_t length, bool armed, uint8_t *answer);

const uint32_t s2m_weights_memory = (uint32_t)sizeof(s2m_weights_t);

/* What the firmware's task does with every packet. */
size_t s2m_weights_serve(s2m_weights_t *weights, s2m_controller_t *controller,
                         const uint8_t *packet, size_t length, bool armed, uint8_t *answer) {
  const policy_weights_t *held = s2m_weights_held(controller);
  const size_t size = s2m_weights_receive(weights, packet, length, armed, held, answer);
  s2m_use_weights(controller, s2m_weights_chosen(weights));
  return size;
}
#else
const uint32_t s2m_weights_memory = 0U;
#endif
