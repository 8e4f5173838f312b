/* Runs the policy's golden self-test on this computer; exit status 0 means that every value is
 * right. */
#include "policy.h"

#include <stdio.h>

int main(void) {
  policy_workspace_t workspace;
  float largest_error = 0.0f;
  const int wrong = policy_self_test(&workspace, &largest_error);
  printf("%d %.9g\n", wrong, (double)largest_error);
  return (wrong == 0) ? 0 : 1;
}
