#include "serial_robot.h"

#include "framing.h"

#include <string.h>

#define VERSION 1U
#ifdef SERIAL_JOINTS
#define KIND 1U  /* joint */
#define LEVEL 5U /* joint position, rad */
#define STATE 0x83U
#else
#define KIND 0U  /* flight */
#define LEVEL 0U /* motor, 0 to 1 */
#define STATE 0x82U
#endif
#define SILENT_MS 1000U
#define MAX_SEQUENCE_STEP 65536U
#define COMMAND_SIZE (9U + 4U * SERIAL_CHANNELS)
#define CAPACITY (FRAME_OVERHEAD + COMMAND_SIZE)

enum { HELLO_REQUEST = 1, COMMAND, ARM, DISARM, SAFE_ACTION, EMERGENCY_STOP, HEARTBEAT };
enum { HELLO = 0x81, ACK = 0x84, NACK = 0x85 };
enum {
  MALFORMED = 1,
  UNKNOWN_TYPE = 2,
  WRONG_VERSION = 3,
  BUSY = 4,
  NO_SESSION = 5,
  OLD_SEQUENCE = 6,
  CHANNEL_COUNT = 7,
  NOT_A_NUMBER = 8,
  OUT_OF_RANGE = 9,
  NOT_ARMED = 10,
  CANNOT_ARM = 11,
  EMERGENCY_STOPPED = 12,
  SAFE_ACTION_RUNS = 13,
  UNSUPPORTED = 14
};
enum { FLAG_ARMED = 1, FLAG_CRASHED = 2, FLAG_FAILSAFE = 8, FLAG_REMOTE = 32, FLAG_INTRUDER = 64 };

static serial_robot_config_t config;
static frame_receiver_t receiver;
static frame_sender_t sender;
static uint8_t buffer[CAPACITY];
static float commanded[SERIAL_CHANNELS];
static serial_mode_t mode;
static uint8_t action;
static uint32_t now, heard_ms, command_ms;
static uint32_t session, sequence;
static bool has_session, intruder;
static uint16_t refused, states;
#ifdef SERIAL_JOINTS
static float found[SERIAL_CHANNELS]; /* where the joints are */
static bool fit, remote_stop, motor_error;
#endif

static uint32_t read_u32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value); /* little-endian like the protocol, as Cortex-M is */
  return value;
}

static void answer(uint8_t type, const void *payload, size_t size) {
  frame_begin(&sender, config.put, type, (uint16_t)(buffer[2] | ((uint32_t)buffer[3] << 8)));
  frame_put(&sender, payload, size);
  frame_end(&sender);
}

static void refuse(uint8_t reason, uint16_t detail) {
  const uint8_t payload[4] = {buffer[1], reason, (uint8_t)(detail & 0xFFU), (uint8_t)(detail >> 8)};
  ++refused;
  answer(NACK, payload, sizeof payload);
}

static void put_name(const char *name) {
  const uint8_t length = (uint8_t)strlen(name);
  frame_put(&sender, &length, 1U);
  frame_put(&sender, name, length);
}

static bool armed(void) {
  return mode != SERIAL_OFF && mode != SERIAL_STOPPED;
}

static void stop_motors(serial_mode_t next) {
  mode = next;
  memset(commanded, 0, sizeof commanded);
}

#ifdef SERIAL_JOINTS
static bool is_number(float value) {
  return value >= -3.4e38f && value <= 3.4e38f; /* NaN fails every comparison */
}

static float lowest(size_t channel) {
  return config.low[channel];
}

static float highest(size_t channel) {
  return config.high[channel];
}

/* Whether commands may act: what damped a robot lasts until it is armed anew. */
static bool busy(void) {
  return mode == SERIAL_FAILSAFE || (mode == SERIAL_SAFE_ACTION && action != SERIAL_HOLD);
}

static bool can_do(uint8_t asked) {
  return asked == SERIAL_HOLD || asked == SERIAL_DAMP || asked == SERIAL_ACTION_OFF;
}

static void begin_action(uint8_t asked) {
  const bool damped = busy();
  if (asked == SERIAL_DAMP) {
    stop_motors(SERIAL_SAFE_ACTION);
    action = asked;
  } else if (!damped) {
    mode = SERIAL_SAFE_ACTION; /* hold: the targets stay */
    action = asked;
  }
}

/* Armed, the joints are held where they are. */
static bool arm(void) {
  if (!fit) {
    return false;
  }
  memcpy(commanded, found, sizeof commanded);
  mode = SERIAL_IDLE;
  return true;
}

static void look(const serial_estimate_t *estimate) {
  const float *q = estimate->orientation_wxyz;
  const float tilt_cosine = 1.0f - 2.0f * (q[1] * q[1] + q[2] * q[2]);
  remote_stop = estimate->operator_stop;
  motor_error = estimate->motor_error;
  fit = !motor_error && !remote_stop &&
        tilt_cosine > 0.5f; /* upright within 60 degrees, and no NaN */
  for (size_t i = 0U; i < SERIAL_CHANNELS; ++i) {
    fit = fit && is_number(estimate->position[i]);
    found[i] = estimate->position[i];
  }
}

/* What the board does by itself. */
static void watch(void) {
  if (armed() && remote_stop) {
    begin_action(SERIAL_DAMP);
  }
  if (mode == SERIAL_SAFE_ACTION && action == SERIAL_HOLD &&
      now - heard_ms > SERIAL_HOLD_SILENCE_MS) {
    stop_motors(SERIAL_FAILSAFE);
  }
}

static uint16_t own_flags(void) {
  return (uint16_t)((motor_error ? FLAG_CRASHED : 0) | (remote_stop ? FLAG_REMOTE : 0));
}

static void put_estimate(const serial_estimate_t *estimate) {
  frame_put(&sender, estimate->orientation_wxyz, sizeof estimate->orientation_wxyz);
  frame_put(&sender, estimate->angular_velocity_b, sizeof estimate->angular_velocity_b);
  frame_put(&sender, estimate->position, sizeof estimate->position);
  frame_put(&sender, estimate->velocity, sizeof estimate->velocity);
  frame_put(&sender, estimate->torque, sizeof estimate->torque);
  frame_put(&sender, estimate->temperature_c, sizeof estimate->temperature_c);
}
#else
static float lowest(size_t channel) {
  (void)channel;
  return 0.0f;
}

static float highest(size_t channel) {
  (void)channel;
  return 1.0f;
}

/* Whether commands may act: they end a failsafe, and no safe action. */
static bool busy(void) {
  return mode == SERIAL_SAFE_ACTION;
}

static bool can_do(uint8_t asked) { /* no hold, no damping here */
  return asked == SERIAL_LEVEL_AND_DESCEND || asked == SERIAL_LAND || asked == SERIAL_ACTION_OFF;
}

static void begin_action(uint8_t asked) {
  action = asked;
  stop_motors(SERIAL_SAFE_ACTION);
}

static bool arm(void) {
  mode = SERIAL_IDLE;
  return true;
}

static void look(const serial_estimate_t *estimate) {
  (void)estimate;
}

static void watch(void) {
}

static uint16_t own_flags(void) {
  return 0U;
}

static void put_estimate(const serial_estimate_t *estimate) {
  frame_put(&sender, estimate->position_w, sizeof estimate->position_w);
  frame_put(&sender, estimate->velocity_w, sizeof estimate->velocity_w);
  frame_put(&sender, estimate->orientation_wxyz, sizeof estimate->orientation_wxyz);
  frame_put(&sender, estimate->angular_velocity_b, sizeof estimate->angular_velocity_b);
  frame_put(&sender, commanded, sizeof commanded);
}
#endif

static void on_hello(const uint8_t *payload, size_t size) {
  const uint32_t asked = size == 5U ? read_u32(&payload[1]) : 0U;
  const uint8_t head[4] = {VERSION, KIND, LEVEL, SERIAL_CHANNELS};
  const uint32_t period_us = 1000U * config.period_ms;
  if (size > 0U && payload[0] != VERSION) {
    refuse(WRONG_VERSION, VERSION);
    return;
  }
  if (size != 5U) {
    refuse(MALFORMED, 0U);
    return;
  }
  if (has_session && asked != session && armed() && now - heard_ms <= SILENT_MS) {
    intruder = true;
    refuse(BUSY, 0U);
    return;
  }
  if (!has_session || asked != session) {
    session = asked;
    sequence = 0U;
    has_session = true;
    intruder = false;
  }
  heard_ms = now;
  frame_begin(&sender, config.put, HELLO, (uint16_t)(buffer[2] | ((uint32_t)buffer[3] << 8)));
  frame_put(&sender, head, sizeof head);
  frame_put(&sender, &session, sizeof session);
  frame_put(&sender, &period_us, sizeof period_us);
  frame_put(&sender, config.firmware_id, sizeof config.firmware_id);
  put_name(config.name);
  for (size_t i = 0U; i < SERIAL_CHANNELS; ++i) {
    put_name(config.channels[i]);
  }
  frame_end(&sender);
}

/* Whether the channels are numbers within their ranges; refuses otherwise. NaN fails every
 * comparison. */
static bool in_range(const float *channels) {
  for (size_t i = 0U; i < SERIAL_CHANNELS; ++i) {
    if (!(channels[i] >= -3.4e38f && channels[i] <= 3.4e38f)) {
      refuse(NOT_A_NUMBER, 0U);
      return false;
    }
  }
  for (size_t i = 0U; i < SERIAL_CHANNELS; ++i) {
    if (!(channels[i] >= lowest(i) && channels[i] <= highest(i))) {
      refuse(OUT_OF_RANGE, 0U);
      return false;
    }
  }
  return true;
}

static void on_command(const uint8_t *payload, size_t size) {
  float channels[SERIAL_CHANNELS];
  const uint32_t step = read_u32(&payload[4]) - sequence;
  if (size < 9U || size != 9U + 4U * payload[8]) {
    refuse(MALFORMED, 0U);
  } else if (mode == SERIAL_STOPPED) {
    refuse(EMERGENCY_STOPPED, 0U);
  } else if (!armed()) {
    refuse(NOT_ARMED, 0U);
  } else if (busy()) {
    refuse(SAFE_ACTION_RUNS, 0U);
  } else if (payload[8] != SERIAL_CHANNELS) {
    refuse(CHANNEL_COUNT, SERIAL_CHANNELS);
  } else if (step == 0U || step > MAX_SEQUENCE_STEP) {
    refuse(OLD_SEQUENCE, 0U);
  } else {
    memcpy(channels, &payload[9], sizeof channels);
    if (in_range(channels)) {
      sequence += step;
      memcpy(commanded, channels, sizeof commanded);
      command_ms = now;
      mode = SERIAL_COMMANDS;
    }
  }
}

static void on_safe_action(uint8_t asked) {
  if (!can_do(asked)) {
    refuse(UNSUPPORTED, 0U);
    return;
  }
  if (asked == SERIAL_ACTION_OFF) {
    serial_robot_disarm();
  } else if (armed()) {
    begin_action(asked);
  }
  answer(ACK, &buffer[1], 1U);
}

/* A message of the session in charge: everything but the hello and the emergency stop. */
static void on_message(uint8_t type, const uint8_t *payload, size_t size) {
  heard_ms = now;
  if (type == COMMAND) {
    on_command(payload, size);
  } else if (type == SAFE_ACTION) {
    on_safe_action(payload[4]);
  } else if (type == ARM && mode == SERIAL_STOPPED) {
    refuse(EMERGENCY_STOPPED, 0U);
  } else if (type == ARM && mode == SERIAL_OFF && !arm()) {
    refuse(CANNOT_ARM, 0U);
  } else {
    if (type == DISARM) {
      serial_robot_disarm();
    }
    answer(ACK, &buffer[1], 1U);
  }
}

static void on_frame(size_t length) {
  const uint8_t type = buffer[1];
  const uint8_t *payload = &buffer[FRAME_HEADER];
  const size_t size = length - FRAME_HEADER;
  const size_t expected = type == SAFE_ACTION ? 5U : 4U;
  if ((type & 0x80U) != 0U) {
    return; /* a robot's own message, looped back */
  }
  if (type == HELLO_REQUEST) {
    on_hello(payload, size);
  } else if (type == 0U || type > HEARTBEAT) {
    refuse(UNKNOWN_TYPE, 0U);
  } else if (type == COMMAND ? size < 9U : size != expected) {
    refuse(MALFORMED, 0U);
  } else if (type == EMERGENCY_STOP) { /* anybody may stop a robot */
    stop_motors(SERIAL_STOPPED);
    answer(ACK, &buffer[1], 1U);
  } else if (!has_session || read_u32(payload) != session) {
    intruder = has_session;
    refuse(NO_SESSION, 0U);
  } else {
    on_message(type, payload, size);
  }
}

static void send_state(const serial_estimate_t *estimate) {
  const uint16_t flags =
      (uint16_t)((armed() ? FLAG_ARMED : 0) | (mode == SERIAL_STOPPED ? FLAG_CRASHED : 0) |
                 (mode == SERIAL_FAILSAFE ? FLAG_FAILSAFE : 0) | (intruder ? FLAG_INTRUDER : 0) |
                 own_flags());
  const uint8_t tail[4] = {(uint8_t)mode, SERIAL_CHANNELS, 0U, 0U};
  ++states;
  frame_begin(&sender, config.put, STATE, states);
  frame_put(&sender, &now, sizeof now);
  frame_put(&sender, &sequence, sizeof sequence);
  frame_put(&sender, &estimate->battery_v, sizeof estimate->battery_v);
  frame_put(&sender, &flags, sizeof flags);
  frame_put(&sender, &refused, sizeof refused);
  frame_put(&sender, tail, sizeof tail);
  put_estimate(estimate);
  frame_end(&sender);
}

void serial_robot_init(const serial_robot_config_t *wanted) {
  config = *wanted;
  frame_receiver_init(&receiver, buffer, sizeof buffer);
  stop_motors(SERIAL_OFF);
  has_session = intruder = false;
  now = sequence = 0U;
  refused = states = 0U;
}

void serial_robot_byte(uint8_t byte) {
  const frame_status_t status = frame_receive(&receiver, byte);
  if (status == FRAME_READY) {
    on_frame(receiver.length);
  } else if (status == FRAME_BAD) {
    ++refused;
  }
}

void serial_robot_tick(uint32_t now_ms, const serial_estimate_t *estimate) {
  now = now_ms;
  look(estimate);
  watch();
  if (mode == SERIAL_COMMANDS && now - command_ms >= SERIAL_FAILSAFE_MS) {
    stop_motors(SERIAL_FAILSAFE);
  }
  if (has_session && now % config.period_ms == 0U) {
    send_state(estimate);
  }
}

serial_mode_t serial_robot_mode(void) {
  return mode;
}

uint8_t serial_robot_action(void) {
  return action;
}

const float *serial_robot_channels(void) {
  return commanded;
}

void serial_robot_disarm(void) {
  if (mode != SERIAL_STOPPED) {
    stop_motors(SERIAL_OFF);
  }
}
