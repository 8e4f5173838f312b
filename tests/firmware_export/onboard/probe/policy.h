/* A hand-written policy with the generated API, transparent enough to see the controller around it:
 * action = (0.5 - height error, reset flag, step count / 100, 10 times body rate x). */
#ifndef POLICY_H
#define POLICY_H

#include <stdint.h>

#define POLICY_OBSERVATION_SIZE 22
#define POLICY_STATE_SIZE 1
#define POLICY_ACTION_SIZE 4
#define POLICY_WORKSPACE_SIZE 1
#define POLICY_BUNDLE_ID "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

typedef struct {
  float value[POLICY_STATE_SIZE];
} policy_state_t;

typedef struct {
  float value[POLICY_WORKSPACE_SIZE];
} policy_workspace_t;

extern const uint8_t policy_bundle_id[32];

void policy_step(const float observation[], float reset, policy_state_t *state,
                 policy_workspace_t *workspace, float action[]);

#endif
