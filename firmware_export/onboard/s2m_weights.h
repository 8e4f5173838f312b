/* New weights by radio, without flashing: packets in, answers out.
 *
 * The weights of another training of the same network, with their own golden steps, are written
 * into a bank in RAM.  They are flown only after their checksum and their golden self-test were
 * right; until then, after every refusal and after a restart it is the weights in flash.  The bytes
 * of every packet are in docs/firmware-crazyflie.md, "New weights by radio".
 *
 * The caller owns the memory and hands over what arrives, from one task:
 *
 *   held = s2m_weights_held(&controller);
 *   size = s2m_weights_receive(&weights, packet, length, armed, held, answer);
 *   if (size > 0) { send the answer }
 *   s2m_use_weights(&controller, s2m_weights_chosen(&weights));
 *
 * The controller takes them over in its next step in which the robot is disarmed
 * (s2m_controller.h), so that a flight never sees weights change, and the bank is not written while
 * it still holds them.
 *
 * C99, no heap, no globals. */
#ifndef S2M_WEIGHTS_H
#define S2M_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#ifdef POLICY_WEIGHTS_SIZE /* else the weights are constants, and this module is empty */

#ifdef __cplusplus
extern "C" {
#endif

#define S2M_WEIGHTS_LIMIT 28672U /* bytes of RAM that a Crazyflie can spare for the bank */
#define S2M_WEIGHTS_PACKET 30U   /* longest packet, the payload of a CRTP packet */
#define S2M_WEIGHTS_CHUNK 24U    /* bytes of the image in one packet */

#if POLICY_IMAGE_SIZE > 28672U
#error                                                                                             \
    "s2m_weights: the weights with their golden steps (POLICY_IMAGE_SIZE) exceed the bank of 28672 B"
#endif

typedef enum {
  S2M_WEIGHTS_FLASH = 0,     /* the weights in flash, nothing else was ever complete */
  S2M_WEIGHTS_RECEIVING = 1, /* the weights in flash, the bank is being written */
  S2M_WEIGHTS_ACTIVE = 2,    /* the weights in the bank */
  S2M_WEIGHTS_REFUSED = 3    /* the weights in flash, because those that came were wrong */
} s2m_weights_state_t;

typedef enum {
  S2M_WEIGHTS_OK = 0,
  S2M_WEIGHTS_ARMED = 1,        /* only a disarmed robot takes weights */
  S2M_WEIGHTS_SIZE = 2,         /* another number of bytes is needed: the answer says it */
  S2M_WEIGHTS_ARCHITECTURE = 3, /* weights of another network */
  S2M_WEIGHTS_SESSION = 4,      /* no upload of this number is under way */
  S2M_WEIGHTS_INCOMPLETE = 5,   /* bytes are missing: the answer says from where */
  S2M_WEIGHTS_CHECKSUM = 6,     /* what arrived is not what was announced */
  S2M_WEIGHTS_SELF_TEST = 7,    /* the new weights do not compute their own golden steps */
  S2M_WEIGHTS_BUSY = 8,    /* the controller still holds the bank: ask again in a millisecond */
  S2M_WEIGHTS_REQUEST = 9, /* a command or length that there is none of */
  S2M_WEIGHTS_GAP = 10     /* a piece before this one is missing: the answer says which */
} s2m_weights_error_t;

typedef struct {
  policy_image_t image; /* the bank */
  policy_state_t state_of_test;
  policy_workspace_t workspace_of_test;
  uint8_t state;   /* s2m_weights_state_t */
  uint8_t error;   /* s2m_weights_error_t: why the last weights were refused */
  uint8_t session; /* number of the upload */
  uint16_t received;
  uint32_t checksum;     /* announced for the image */
  uint16_t wrong;        /* values that the last self-test found wrong */
  float self_test_error; /* largest, relative to each value's range */
} s2m_weights_t;

/* Start with the weights in flash. */
void s2m_weights_init(s2m_weights_t *weights);

/* Take one packet.  Returns the length of the answer, 0 if there is none: a packet that is not for
   this module, or was damaged on its way, is as good as lost.
   armed: the motors may turn, or the controller waits in the air; held: what it flies with now. */
size_t s2m_weights_receive(s2m_weights_t *weights, const uint8_t *packet, size_t length, bool armed,
                           const policy_weights_t *held, uint8_t answer[S2M_WEIGHTS_PACKET]);

/* What is to be flown. */
const policy_weights_t *s2m_weights_chosen(const s2m_weights_t *weights);

/* Whose weights those are: 32 bytes. */
const uint8_t *s2m_weights_bundle_id(const s2m_weights_t *weights);

#ifdef __cplusplus
}
#endif
#endif /* POLICY_WEIGHTS_SIZE */
#endif
