/* Replays the golden steps on this chip, then measures how long a step takes. */
#include "esp_timer.h"
#include "policy.h"

#include <stdio.h>

static policy_state_t state;
static policy_workspace_t workspace;
static float observation[POLICY_OBSERVATION_SIZE];
static float action[POLICY_ACTION_SIZE];

void app_main(void) {
  float error = 0.0f;
  const int wrong = policy_self_test(&workspace, &error);
  const int64_t start_us = esp_timer_get_time();
  policy_step(observation, 1.0f, &state, &workspace, action);
  const int64_t taken_us = esp_timer_get_time() - start_us;
  printf("self-test: %d values wrong, largest error %.1e of the range\n", wrong, (double)error);
  printf("one step: %lld us\n", (long long)taken_us);
}
