#include "s2m_weights.h"

#ifdef POLICY_WEIGHTS_SIZE

#include <string.h>

/* Commands; the answer to one has its top bit set. */
#define STATUS 0x50U
#define BEGIN 0x51U
#define DATA 0x52U
#define COMMIT 0x53U
#define DROP 0x54U
#define ANSWER 0x80U

#define CHECK_SIZE 2U
#define BEGIN_SIZE (1U + 4U + 4U + POLICY_ARCHITECTURE_SIZE)
#define DATA_HEADER 4U

/* CRC-32 of IEEE 802.3, as zlib's; four bits at a time, so that the table is small. */
static uint32_t crc32(const uint8_t *data, size_t length) {
  static const uint32_t table[16] = {0x00000000U, 0x1db71064U, 0x3b6e20c8U, 0x26d930acU,
                                     0x76dc4190U, 0x6b6b51f4U, 0x4db26158U, 0x5005713cU,
                                     0xedb88320U, 0xf00f9344U, 0xd6d6a3e8U, 0xcb61b38cU,
                                     0x9b64c2b0U, 0x86d3d2d4U, 0xa00ae278U, 0xbdbdf21cU};
  uint32_t crc = 0xffffffffU;
  for (size_t i = 0U; i < length; ++i) {
    crc ^= data[i];
    crc = (crc >> 4) ^ table[crc & 15U];
    crc = (crc >> 4) ^ table[crc & 15U];
  }
  return ~crc;
}

static uint16_t read_u16(const uint8_t *from) {
  return (uint16_t)(from[0] | ((uint32_t)from[1] << 8));
}

static uint32_t read_u32(const uint8_t *from) {
  return (uint32_t)read_u16(from) | ((uint32_t)read_u16(&from[2]) << 16);
}

static void write_u16(uint8_t *to, uint32_t value) {
  to[0] = (uint8_t)(value & 0xffU);
  to[1] = (uint8_t)((value >> 8) & 0xffU);
}

static void write_u32(uint8_t *to, uint32_t value) {
  write_u16(to, value & 0xffffU);
  write_u16(&to[2], value >> 16);
}

/* The lower half of the CRC-32 of all bytes before it. */
static uint16_t check_of(const uint8_t *packet, size_t length) {
  return (uint16_t)(crc32(packet, length) & 0xffffU);
}

void s2m_weights_init(s2m_weights_t *weights) {
  memset(weights, 0, sizeof *weights);
}

const policy_weights_t *s2m_weights_chosen(const s2m_weights_t *weights) {
  return weights->state == S2M_WEIGHTS_ACTIVE ? &weights->image.weights : &policy_flash_weights;
}

const uint8_t *s2m_weights_bundle_id(const s2m_weights_t *weights) {
  return weights->state == S2M_WEIGHTS_ACTIVE ? weights->image.bundle_id : policy_bundle_id;
}

static void leave_bank(s2m_weights_t *w, s2m_weights_state_t state, s2m_weights_error_t error) {
  w->state = (uint8_t)state;
  w->error = (uint8_t)error;
}

/* Announces an image.  That of the upload under way goes on where it is, that in use is there. */
static s2m_weights_error_t begin(s2m_weights_t *w, const uint8_t *body, bool armed) {
  const uint32_t size = read_u32(body);
  const uint32_t checksum = read_u32(&body[4]);
  if (size != POLICY_IMAGE_SIZE) {
    return S2M_WEIGHTS_SIZE;
  }
  if (memcmp(&body[8], policy_architecture, POLICY_ARCHITECTURE_SIZE) != 0) {
    return S2M_WEIGHTS_ARCHITECTURE;
  }
  const bool known = w->state == S2M_WEIGHTS_RECEIVING || w->state == S2M_WEIGHTS_ACTIVE;
  if (known && w->checksum == checksum) {
    return S2M_WEIGHTS_OK;
  }
  if (armed) {
    return S2M_WEIGHTS_ARMED;
  }
  leave_bank(w, S2M_WEIGHTS_RECEIVING, S2M_WEIGHTS_OK);
  w->checksum = checksum;
  w->received = 0U;
  w->wrong = 0U;
  w->self_test_error = 0.0f;
  ++w->session;
  return S2M_WEIGHTS_OK;
}

/* Whether the upload of this number may go on. */
static s2m_weights_error_t may_go_on(const s2m_weights_t *w, uint8_t session, bool armed) {
  if (w->state != S2M_WEIGHTS_RECEIVING || session != w->session) {
    return S2M_WEIGHTS_SESSION;
  }
  return armed ? S2M_WEIGHTS_ARMED : S2M_WEIGHTS_OK;
}

/* Appends a piece; one that is already there changes nothing, one that leaves a gap neither. */
static s2m_weights_error_t append(s2m_weights_t *w, const uint8_t *body, size_t length, bool armed,
                                  const policy_weights_t *held) {
  const uint16_t offset = read_u16(&body[1]);
  const size_t size = length - (DATA_HEADER - 1U);
  if (w->state == S2M_WEIGHTS_ACTIVE && body[0] == w->session) {
    return S2M_WEIGHTS_OK; /* repeated: it is all there */
  }
  const s2m_weights_error_t error = may_go_on(w, body[0], armed);
  if (error != S2M_WEIGHTS_OK || offset < w->received) {
    return error;
  }
  if (held == &w->image.weights) {
    return S2M_WEIGHTS_BUSY;
  }
  if (offset > w->received) {
    return S2M_WEIGHTS_GAP;
  }
  if (size > POLICY_IMAGE_SIZE - w->received) {
    return S2M_WEIGHTS_SIZE;
  }
  memcpy((uint8_t *)&w->image + offset, &body[DATA_HEADER - 1U], size);
  w->received = (uint16_t)(w->received + size);
  return S2M_WEIGHTS_OK;
}

static s2m_weights_error_t self_test(s2m_weights_t *w) {
  const int wrong = policy_self_test_with(&w->image.weights, &w->image.golden, &w->state_of_test,
                                          &w->workspace_of_test, &w->self_test_error);
  w->wrong = (uint16_t)(wrong > 0xffff ? 0xffff : wrong);
  return wrong == 0 ? S2M_WEIGHTS_OK : S2M_WEIGHTS_SELF_TEST;
}

/* Proves what has arrived, and takes it or leaves it. */
static s2m_weights_error_t commit(s2m_weights_t *w, uint8_t session, bool armed) {
  if (session == w->session && w->state == S2M_WEIGHTS_ACTIVE) {
    return S2M_WEIGHTS_OK;
  }
  if (session == w->session && w->state == S2M_WEIGHTS_REFUSED) {
    return (s2m_weights_error_t)w->error;
  }
  s2m_weights_error_t error = may_go_on(w, session, armed);
  if (error == S2M_WEIGHTS_OK && w->received < POLICY_IMAGE_SIZE) {
    error = S2M_WEIGHTS_INCOMPLETE;
  }
  if (error != S2M_WEIGHTS_OK) {
    return error;
  }
  error = crc32((const uint8_t *)&w->image, sizeof w->image) == w->checksum ? self_test(w)
                                                                            : S2M_WEIGHTS_CHECKSUM;
  leave_bank(w, error == S2M_WEIGHTS_OK ? S2M_WEIGHTS_ACTIVE : S2M_WEIGHTS_REFUSED, error);
  return error;
}

static s2m_weights_error_t drop(s2m_weights_t *w, bool armed) {
  if (armed) {
    return S2M_WEIGHTS_ARMED;
  }
  leave_bank(w, S2M_WEIGHTS_FLASH, S2M_WEIGHTS_OK);
  w->received = 0U;
  return S2M_WEIGHTS_OK;
}

/* Do what a request says; body is what stands between the command and the check. */
static s2m_weights_error_t obey(s2m_weights_t *w, uint8_t command, const uint8_t *body,
                                size_t length, bool armed, const policy_weights_t *held) {
  if (command == STATUS && length == 0U) {
    return (s2m_weights_error_t)w->error;
  }
  if (command == BEGIN && length == BEGIN_SIZE - 1U) {
    return begin(w, body, armed);
  }
  if (command == DATA && length >= DATA_HEADER) {
    return append(w, body, length, armed, held);
  }
  if (command == COMMIT && length == 1U) {
    return commit(w, body[0], armed);
  }
  if (command == DROP && length == 0U) {
    return drop(w, armed);
  }
  return S2M_WEIGHTS_REQUEST;
}

static size_t write_answer(const s2m_weights_t *w, uint8_t command, s2m_weights_error_t error,
                           uint8_t answer[S2M_WEIGHTS_PACKET]) {
  uint32_t error_bits;
  memcpy(&error_bits, &w->self_test_error, sizeof error_bits);
  answer[0] = (uint8_t)(command | ANSWER);
  answer[1] = w->session;
  answer[2] = w->state;
  answer[3] = (uint8_t)error;
  write_u16(&answer[4], w->received);
  write_u32(&answer[6], POLICY_IMAGE_SIZE);
  write_u32(&answer[10], w->checksum);
  memcpy(&answer[14], policy_architecture, POLICY_ARCHITECTURE_SIZE);
  write_u32(&answer[22], error_bits);
  write_u16(&answer[26], w->wrong);
  write_u16(&answer[28], check_of(answer, 28U));
  return S2M_WEIGHTS_PACKET;
}

size_t s2m_weights_receive(s2m_weights_t *weights, const uint8_t *packet, size_t length, bool armed,
                           const policy_weights_t *held, uint8_t answer[S2M_WEIGHTS_PACKET]) {
  if (length < 1U + CHECK_SIZE || length > S2M_WEIGHTS_PACKET || (packet[0] & 0xf0U) != STATUS) {
    return 0U;
  }
  const size_t end = length - CHECK_SIZE;
  if (check_of(packet, end) != read_u16(&packet[end])) {
    return 0U;
  }
  const s2m_weights_error_t error = obey(weights, packet[0], &packet[1], end - 1U, armed, held);
  return write_answer(weights, packet[0], error, answer);
}

#endif /* POLICY_WEIGHTS_SIZE */
