#include "framing.h"

#include <string.h>

uint32_t frame_crc32(uint32_t crc, const uint8_t *data, size_t length) {
  /* Remainders of the 16 four-bit values, polynomial 0xEDB88320 (reflected). */
  static const uint32_t remainder[16] = {0x00000000U, 0x1DB71064U, 0x3B6E20C8U, 0x26D930ACU,
                                         0x76DC4190U, 0x6B6B51F4U, 0x4DB26158U, 0x5005713CU,
                                         0xEDB88320U, 0xF00F9344U, 0xD6D6A3E8U, 0xCB61B38CU,
                                         0x9B64C2B0U, 0x86D3D2D4U, 0xA00AE278U, 0xBDBDF21CU};
  crc = ~crc;
  for (size_t i = 0U; i < length; ++i) {
    crc ^= data[i];
    crc = (crc >> 4) ^ remainder[crc & 15U];
    crc = (crc >> 4) ^ remainder[crc & 15U];
  }
  return ~crc;
}

void frame_receiver_init(frame_receiver_t *receiver, uint8_t *data, size_t capacity) {
  const frame_receiver_t empty = {data, capacity, 0U, 0U, 0U, 0U, 0U};
  *receiver = empty;
}

static void store(frame_receiver_t *receiver, uint8_t byte) {
  if (receiver->length < receiver->capacity) {
    receiver->data[receiver->length] = byte;
    ++receiver->length;
  } else {
    receiver->overflow = 1U;
  }
}

static frame_status_t check(frame_receiver_t *receiver) {
  const size_t length = receiver->length;
  uint32_t expected;
  /* An empty last group after a full one is a second spelling of the same bytes. */
  const int redundant = receiver->code == 1U && receiver->previous == 0xFFU;
  if (redundant || receiver->overflow || receiver->left != 0U || length < FRAME_OVERHEAD) {
    return FRAME_BAD;
  }
  memcpy(&expected, &receiver->data[length - 4U], sizeof expected);
  if (expected != frame_crc32(0U, receiver->data, length - 4U) ||
      receiver->data[0] != FRAME_VERSION) {
    return FRAME_BAD;
  }
  receiver->length = length - 4U;
  return FRAME_READY;
}

frame_status_t frame_receive(frame_receiver_t *receiver, uint8_t byte) {
  if (byte == 0U) {
    const frame_status_t status = (receiver->code == 0U) ? FRAME_PENDING : check(receiver);
    receiver->code = 0U;
    receiver->left = 0U;
    receiver->overflow = 0U;
    return status;
  }
  if (receiver->code == 0U) {
    receiver->length = 0U;
  }
  if (receiver->left > 0U) {
    store(receiver, byte);
    --receiver->left;
    return FRAME_PENDING;
  }
  if (receiver->code != 0U && receiver->code != 0xFFU) {
    store(receiver, 0U);
  }
  receiver->previous = receiver->code;
  receiver->code = byte;
  receiver->left = (uint8_t)(byte - 1U);
  return FRAME_PENDING;
}

static void flush(frame_sender_t *sender) {
  sender->put((uint8_t)(sender->count + 1U));
  for (uint8_t i = 0U; i < sender->count; ++i) {
    sender->put(sender->group[i]);
  }
  sender->count = 0U;
}

static void encode(frame_sender_t *sender, const uint8_t *bytes, size_t length) {
  for (size_t i = 0U; i < length; ++i) {
    if (sender->count == sizeof sender->group) {
      flush(sender);
    }
    if (bytes[i] == 0U) {
      flush(sender);
    } else {
      sender->group[sender->count] = bytes[i];
      ++sender->count;
    }
  }
}

void frame_begin(frame_sender_t *sender, void (*put)(uint8_t byte), uint8_t type,
                 uint16_t sequence) {
  const uint8_t header[FRAME_HEADER] = {(uint8_t)FRAME_VERSION, type, (uint8_t)(sequence & 0xFFU),
                                        (uint8_t)(sequence >> 8)};
  sender->put = put;
  sender->crc = 0U;
  sender->count = 0U;
  frame_put(sender, header, sizeof header);
}

void frame_put(frame_sender_t *sender, const void *data, size_t length) {
  const uint8_t *bytes = (const uint8_t *)data;
  sender->crc = frame_crc32(sender->crc, bytes, length);
  encode(sender, bytes, length);
}

void frame_end(frame_sender_t *sender) {
  uint8_t crc[4];
  memcpy(crc, &sender->crc, sizeof crc);
  frame_put(sender, crc, sizeof crc); /* and goes on counting, to no end */
  flush(sender);
  sender->put(0U);
}
