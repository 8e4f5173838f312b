/* A host that lost an answer asks again and gets the same one: a STEP carries all it needs, the
   policy's state included, and a FLY is numbered, so that its repetition is known (sessions.h).
   Message layouts: firmware_export/hil/protocol.py. */
#include "server.h"

#include "board.h"
#include "framing.h"
#include "policy.h"
#include "sessions.h"

#include <string.h>

/* Counted up when a message changes. */
#define SERVER_VERSION 2U

#define MESSAGE_INFO 1U
#define MESSAGE_STEP 2U
#define MESSAGE_SELF_TEST 3U
#define MESSAGE_FLY 4U
#define ANSWER 0x80U
#define MESSAGE_ERROR 0xFFU

#define ERROR_BAD_FRAME 1U
#define ERROR_BAD_REQUEST 2U
#define ERROR_OUT_OF_STEP 3U

#define STEP_EVERY_STATE 1U
#define STEP_HEADER (FRAME_HEADER + 8U)
#define STEP_LARGEST_COUNT 32U
#define FLY_HEADER (FRAME_HEADER + 12U)

/* Room for several steps in one frame, and for at least one. */
#define ONE_STEP (STEP_HEADER + 4U + 4U * (POLICY_STATE_SIZE + POLICY_OBSERVATION_SIZE))
#define CAPACITY ((ONE_STEP > 1024U) ? ONE_STEP : 1024U)

static union {
  uint8_t bytes[CAPACITY];
  float floats[CAPACITY / 4U];
} request;
static policy_state_t state;
static policy_workspace_t workspace;
static float action[POLICY_ACTION_SIZE];
static frame_receiver_t receiver;
static frame_sender_t sender;
static uint32_t slot_count;

static void put_u32(uint32_t value) {
  frame_put(&sender, &value, sizeof value);
}

static void begin(uint8_t type) {
  frame_begin(&sender, board_write, type,
              (uint16_t)(request.bytes[2] | ((uint32_t)request.bytes[3] << 8)));
}

static void answer_error(uint8_t code) {
  begin(MESSAGE_ERROR);
  frame_put(&sender, &code, sizeof code);
  frame_end(&sender);
}

static void answer_info(void) {
  const uint16_t sizes[4] = {POLICY_OBSERVATION_SIZE, POLICY_STATE_SIZE, POLICY_ACTION_SIZE,
                             POLICY_WORKSPACE_SIZE};
  begin(MESSAGE_INFO | ANSWER);
  frame_put(&sender, policy_bundle_id, sizeof policy_bundle_id);
  frame_put(&sender, sizes, sizeof sizes);
  put_u32(CAPACITY);
  put_u32(board_stack_used());
  put_u32(SERVER_VERSION);
  put_u32(slot_count);
  put_u32(board_counter_hz());
  frame_end(&sender);
}

static void answer_steps(void) {
  const uint8_t count = request.bytes[FRAME_HEADER];
  const uint8_t flags = request.bytes[FRAME_HEADER + 1U];
  const float *values = &request.floats[STEP_HEADER / 4U];
  const size_t expected =
      STEP_HEADER + 4U * (POLICY_STATE_SIZE + (size_t)count * POLICY_OBSERVATION_SIZE);
  uint32_t reset;
  uint32_t ticks = 0U;
  if (receiver.length < STEP_HEADER || count > STEP_LARGEST_COUNT || receiver.length != expected) {
    answer_error(ERROR_BAD_REQUEST);
    return;
  }
  memcpy(&reset, &request.bytes[FRAME_HEADER + 4U], sizeof reset);
  memcpy(&state, values, 4U * POLICY_STATE_SIZE);
  values += POLICY_STATE_SIZE;
  begin(MESSAGE_STEP | ANSWER);
  for (uint8_t step = 0U; step < count; ++step) {
    const float first = ((reset >> step) & 1U) ? 1.0f : 0.0f;
    board_counter_start();
    policy_step(values, first, &state, &workspace, action);
    ticks += board_counter_read();
    values += POLICY_OBSERVATION_SIZE;
    frame_put(&sender, action, sizeof action);
    if ((flags & STEP_EVERY_STATE) != 0U || step + 1U == count) {
      frame_put(&sender, &state, 4U * POLICY_STATE_SIZE);
    }
  }
  put_u32(ticks);
  frame_end(&sender);
}

/* Check every slot before the first step: a request is served whole or not at all. */
static uint8_t refusal_of_flight(const uint32_t head[2], uint32_t first, uint32_t count) {
  if (count == 0U || first + count > slot_count ||
      receiver.length != FLY_HEADER + 4U * (size_t)count * POLICY_OBSERVATION_SIZE) {
    return ERROR_BAD_REQUEST;
  }
  for (uint32_t i = 0U; i < count; ++i) {
    if (!session_accepts(first + i, head[0], head[1])) {
      return ERROR_OUT_OF_STEP;
    }
  }
  return 0U;
}

static void answer_flight(void) {
  const uint32_t first = request.bytes[FRAME_HEADER + 8U];
  const uint32_t count = request.bytes[FRAME_HEADER + 9U];
  const float *observation = &request.floats[FLY_HEADER / 4U];
  uint32_t head[2]; /* session, number */
  uint32_t most_ticks = 0U;
  uint8_t refusal = ERROR_BAD_REQUEST;
  if (receiver.length >= FLY_HEADER) {
    memcpy(head, &request.bytes[FRAME_HEADER], sizeof head);
    refusal = refusal_of_flight(head, first, count);
  }
  if (refusal != 0U) {
    answer_error(refusal);
    return;
  }
  begin(MESSAGE_FLY | ANSWER);
  for (uint32_t i = 0U; i < count; ++i) {
    const slot_t *const slot = session_step(first + i, head[0], head[1], observation, &workspace);
    observation += POLICY_OBSERVATION_SIZE;
    frame_put(&sender, slot->action, sizeof slot->action);
    if (slot->ticks > most_ticks) {
      most_ticks = slot->ticks;
    }
  }
  put_u32(most_ticks);
  frame_end(&sender);
}

static void answer_self_test(void) {
  float largest_error = 0.0f;
  const int32_t wrong = policy_self_test(&workspace, &largest_error);
  begin(MESSAGE_SELF_TEST | ANSWER);
  frame_put(&sender, &wrong, sizeof wrong);
  frame_put(&sender, &largest_error, sizeof largest_error);
  frame_end(&sender);
}

static void answer(void) {
  switch (request.bytes[1]) {
  case MESSAGE_INFO:
    answer_info();
    break;
  case MESSAGE_STEP:
    answer_steps();
    break;
  case MESSAGE_SELF_TEST:
    answer_self_test();
    break;
  case MESSAGE_FLY:
    answer_flight();
    break;
  default:
    answer_error(ERROR_BAD_REQUEST);
    break;
  }
}

void server_run(void) {
  uint32_t spare = 0U;
  void *const memory = board_spare_memory(&spare);
  slot_count = sessions_init(memory, spare);
  frame_receiver_init(&receiver, request.bytes, sizeof request.bytes);
  for (;;) {
    const frame_status_t status = frame_receive(&receiver, board_read());
    if (status == FRAME_READY) {
      answer();
    } else if (status == FRAME_BAD) {
      answer_error(ERROR_BAD_FRAME);
    }
  }
}
