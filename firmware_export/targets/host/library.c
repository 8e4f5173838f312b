/* The shared library around a generated policy that firmware_export.host.HostPolicy loads. */
#include "policy.h"

#include <stddef.h>
#include <string.h>

extern const int32_t policy_sizes[4];
void policy_step_batch(size_t count, const float *observation, const float *reset, float *state,
                       float *action);

/* Lengths of observation, state, action and workspace, for a loader without the header. */
const int32_t policy_sizes[4] = {POLICY_OBSERVATION_SIZE, POLICY_STATE_SIZE, POLICY_ACTION_SIZE,
                                 POLICY_WORKSPACE_SIZE};

/* One step of count independent policies; rows lie one after the other, state is updated. */
void policy_step_batch(size_t count, const float *observation, const float *reset, float *state,
                       float *action) {
  policy_workspace_t workspace;
  policy_state_t memory = {{0.0f}};
  for (size_t row = 0U; row < count; ++row) {
#if POLICY_STATE_SIZE > 0
    memcpy(memory.value, &state[row * POLICY_STATE_SIZE], sizeof memory.value);
#else
    (void)state;
#endif
    policy_step(&observation[row * POLICY_OBSERVATION_SIZE], reset[row], &memory, &workspace,
                &action[row * POLICY_ACTION_SIZE]);
#if POLICY_STATE_SIZE > 0
    memcpy(&state[row * POLICY_STATE_SIZE], memory.value, sizeof memory.value);
#endif
  }
}
