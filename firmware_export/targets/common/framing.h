/* Frames on a byte stream, the C side of hardware/framing.py.

   A frame is COBS-encoded and ends with a zero byte. Decoded it is: protocol version (1 byte),
   message type (1), sequence number (2), payload, CRC-32 of all before it (4, as zlib's);
   little-endian. */
#ifndef FRAMING_H
#define FRAMING_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_VERSION 1U
#define FRAME_HEADER 4U
#define FRAME_OVERHEAD 8U

typedef enum { FRAME_PENDING, FRAME_READY, FRAME_BAD } frame_status_t;

/* Collects bytes into the caller's buffer, decoded in place. */
typedef struct {
  uint8_t *data;
  size_t capacity;
  size_t length;    /* decoded bytes so far; of a ready frame, header and payload */
  uint8_t code;     /* length code of the current COBS group; 0 before the first */
  uint8_t previous; /* that of the group before */
  uint8_t left;     /* bytes still to come in the current group */
  uint8_t overflow; /* the frame is longer than the buffer */
} frame_receiver_t;

void frame_receiver_init(frame_receiver_t *receiver, uint8_t *data, size_t capacity);

/* Take one byte from the line. READY: data[0 .. length) holds header and payload until the next
 * call. */
frame_status_t frame_receive(frame_receiver_t *receiver, uint8_t byte);

/* Encodes a frame while it is being written; holds back at most one COBS group. */
typedef struct {
  void (*put)(uint8_t byte);
  uint32_t crc;
  uint8_t count;
  uint8_t group[254];
} frame_sender_t;

void frame_begin(frame_sender_t *sender, void (*put)(uint8_t byte), uint8_t type,
                 uint16_t sequence);
void frame_put(frame_sender_t *sender, const void *data, size_t length);
void frame_end(frame_sender_t *sender);

/* zlib's CRC-32; start with 0 and feed the result back in to continue. */
uint32_t frame_crc32(uint32_t crc, const uint8_t *data, size_t length);

#endif
