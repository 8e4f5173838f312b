/* The policy as an object that keeps its own memory. Make it a global: its workspace is too large
   for some boards' stacks. */
#ifndef SIM2METAL_POLICY_H
#define SIM2METAL_POLICY_H

#include "policy.h"

class Sim2metalPolicy {
public:
  enum { OBSERVATION_SIZE = POLICY_OBSERVATION_SIZE, ACTION_SIZE = POLICY_ACTION_SIZE };

  Sim2metalPolicy() : first(true) {
  }

  /* The next step builds its memory from the observation: call it whenever control begins anew. */
  void reset() {
    first = true;
  }

  /* One control step, once per control period: raw SI sensor terms in, physical command out. */
  void step(const float observation[OBSERVATION_SIZE], float action[ACTION_SIZE]) {
    policy_step(observation, first ? 1.0f : 0.0f, &state, &workspace, action);
    first = false;
  }

  /* Whether this board computes the golden steps as they were recorded; largestError is relative to
     each value's range. */
  bool selfTest(float &largestError) {
    return policy_self_test(&workspace, &largestError) == 0;
  }

private:
  policy_state_t state;
  policy_workspace_t workspace;
  bool first;
};

#endif
