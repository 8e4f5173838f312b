#include "policy.h"

int probe_wrong;

int policy_self_test(policy_workspace_t *workspace, float *largest_error) {
  workspace->value[0] = 0.0f;
  *largest_error = probe_wrong ? 0.5f : 1e-7f;
  return probe_wrong;
}
