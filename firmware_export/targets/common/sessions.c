#include "sessions.h"

#include "board.h"

static slot_t *slots;

uint32_t sessions_init(void *memory, uint32_t bytes) {
  uint32_t count = bytes / (uint32_t)sizeof(slot_t);
  if (count > SESSION_LARGEST_COUNT) {
    count = SESSION_LARGEST_COUNT;
  }
  slots = (slot_t *)memory;
  for (uint32_t i = 0U; i < count; ++i) {
    slots[i].session = 0U;
  }
  return count;
}

int session_accepts(uint32_t slot, uint32_t session, uint32_t number) {
  const slot_t *const s = &slots[slot];
  if (session == 0U) {
    return 0;
  }
  return number == 0U ||
         (s->session == session && (number == s->number || number == s->number + 1U));
}

const slot_t *session_step(uint32_t slot, uint32_t session, uint32_t number,
                           const float *observation, policy_workspace_t *workspace) {
  slot_t *const s = &slots[slot];
  if (s->session == session && s->number == number) {
    return s;
  }
  board_counter_start();
  policy_step(observation, (number == 0U) ? 1.0f : 0.0f, &s->state, workspace, s->action);
  s->ticks = board_counter_read();
  s->session = session;
  s->number = number;
  return s;
}
