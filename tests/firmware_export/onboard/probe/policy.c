#include "policy.h"

const uint8_t policy_bundle_id[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                      11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                      22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

void policy_step(const float observation[], float reset, policy_state_t *state,
                 policy_workspace_t *workspace, float action[]) {
  state->value[0] = reset > 0.5f ? 0.0f : state->value[0] + 1.0f;
  workspace->value[0] = state->value[0];
  action[0] = 0.5f - observation[2];
  action[1] = reset;
  action[2] = 0.01f * workspace->value[0];
  action[3] = 10.0f * observation[15];
}
