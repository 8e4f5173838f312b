/* A policy with the generated API that does what a test says: it answers probe_action, and its
 * self-test finds probe_wrong values wrong. */
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
extern float probe_action[4];
extern float probe_observation[22];
extern int probe_wrong;

void policy_step(const float observation[], float reset, policy_state_t *state,
                 policy_workspace_t *workspace, float action[]);
int policy_self_test(policy_workspace_t *workspace, float *largest_error);

#endif
