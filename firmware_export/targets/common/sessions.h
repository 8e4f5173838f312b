/* Flights whose state stays on the microcontroller from step to step, one per slot.

   A step is numbered from 0, which is the first of its flight. The last answer is kept, so a
   request that comes twice, because its answer was lost, is answered alike and steps once. */
#ifndef SESSIONS_H
#define SESSIONS_H

#include "policy.h"

#include <stddef.h>
#include <stdint.h>

#define SESSION_LARGEST_COUNT 255U

typedef struct {
  uint32_t session; /* drawn by the host for each run; 0: none yet */
  uint32_t number;  /* of the last step */
  uint32_t ticks;   /* that it took */
  float action[POLICY_ACTION_SIZE];
  policy_state_t state;
} slot_t;

/* Share memory among as many slots as it holds; returns their number. */
uint32_t sessions_init(void *memory, uint32_t bytes);

/* The slot's flight is ready for step `number`, or has just made it. */
int session_accepts(uint32_t slot, uint32_t session, uint32_t number);

/* Make the step, once; the slot holds the answer until the next. */
const slot_t *session_step(uint32_t slot, uint32_t session, uint32_t number,
                           const float *observation, policy_workspace_t *workspace);

#endif
