#include "policy.h"

#include <string.h>

const uint8_t policy_bundle_id[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                      11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                      22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
float probe_action[4] = {0.5f, 0.6f, 0.7f, 0.8f};
float probe_observation[22];

void policy_step(const float observation[], float reset, policy_state_t *state,
                 policy_workspace_t *workspace, float action[]) {
  (void)reset;
  state->value[0] = workspace->value[0] = 1.0f;
  memcpy(probe_observation, observation, sizeof probe_observation);
  memcpy(action, probe_action, sizeof probe_action);
}
