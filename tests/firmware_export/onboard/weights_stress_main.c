/* Sends the receiver every kind of packet, right ones among them; run under sanitizers.  After
 * every packet the rules must hold: weights are flown from the bank only if a whole image was
 * accepted, and the bank never changes while the controller holds it or the robot is armed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_selftest.c" /* for the golden steps in it */
#include "s2m_controller.h"
#include "s2m_weights.h"

static uint8_t images[2][POLICY_IMAGE_SIZE]; /* the weights in flash, and the same with a flaw */
static const uint8_t *sent = images[0];

static uint32_t crc32_bitwise(const uint8_t *data, size_t length) {
  uint32_t crc = 0xffffffffU;
  for (size_t i = 0U; i < length; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1U) ? 0xedb88320U : 0U);
    }
  }
  return ~crc;
}

static uint8_t any_byte(void) {
  return (uint8_t)(rand() & 0xff);
}

/* Write body behind command, then the check; sometimes a wrong one. */
static size_t seal(uint8_t *packet, size_t length) {
  const uint32_t check = crc32_bitwise(packet, length);
  packet[length] = (uint8_t)(check & 0xffU);
  packet[length + 1U] = (uint8_t)((check >> 8) & 0xffU);
  if (rand() % 50 == 0) {
    packet[(size_t)rand() % (length + 2U)] ^= 1U;
  }
  return length + 2U;
}

static size_t any_packet(uint8_t packet[40], const s2m_weights_t *w) {
  const int kind = rand() % 100;
  for (int i = 0; i < 40; ++i) {
    packet[i] = any_byte();
  }
  if (kind < 4) {
    return (size_t)(rand() % 41);
  }
  if (kind < 8) {
    packet[0] = (uint8_t)(0x50U + (uint32_t)(rand() % 6));
    return seal(packet, 1U + (size_t)(rand() % 30));
  }
  if (kind == 8) { /* announce an image, sometimes with a wrong checksum */
    const uint32_t size = POLICY_IMAGE_SIZE;
    if (w->state != S2M_WEIGHTS_RECEIVING || rand() % 20 == 0) {
      sent = images[rand() % 2];
    }
    const uint32_t crc = crc32_bitwise(sent, POLICY_IMAGE_SIZE) + (rand() % 40 == 0 ? 1U : 0U);
    packet[0] = 0x51U;
    memcpy(&packet[1], &size, 4U);
    memcpy(&packet[5], &crc, 4U);
    memcpy(&packet[9], policy_architecture, POLICY_ARCHITECTURE_SIZE);
    return seal(packet, 17U);
  }
  if (kind == 9) {
    packet[0] = rand() % 20 == 0 ? 0x54U : 0x53U;
    packet[1] = w->session;
    return seal(packet, packet[0] == 0x54U ? 1U : 2U);
  }
  const uint32_t left = POLICY_IMAGE_SIZE - w->received;
  const uint32_t count = left < S2M_WEIGHTS_CHUNK ? left : S2M_WEIGHTS_CHUNK;
  const uint32_t offset = w->received + (rand() % 10 == 0 ? (uint32_t)(rand() % 60000) : 0U);
  packet[0] = 0x52U;
  packet[1] = (uint8_t)(w->session + (rand() % 50 == 0 ? 1 : 0));
  packet[2] = (uint8_t)(offset & 0xffU);
  packet[3] = (uint8_t)((offset >> 8) & 0xffU);
  memcpy(&packet[4], &sent[w->received], count);
  return seal(packet, 4U + (count > 0U ? count : 1U));
}

int main(void) {
  static s2m_weights_t weights;
  static s2m_controller_t controller;
  static s2m_weights_t before;
  s2m_config_t config;
  s2m_estimate_t estimate = {{0}, {0}, {1.0f, 0.0f, 0.0f, 0.0f}, {0}};
  s2m_setpoint_t setpoint = {0, 0, {0}, {0}};
  int taken = 0;
  int refused = 0;
  s2m_default_config(&config, 0.7f);
  s2m_init(&controller, &config);
  s2m_weights_init(&weights);
  memcpy(images[0], policy_bundle_id, 32U);
  memcpy(&images[0][32], &policy_flash_weights, sizeof policy_flash_weights);
  memcpy(&images[0][32 + sizeof policy_flash_weights], &flash_golden, sizeof flash_golden);
  memcpy(images[1], images[0], sizeof images[0]);
  images[1][32 + sizeof policy_flash_weights + 3U] ^= 0x40U; /* the first golden number */
  bool armed = false;
  for (uint32_t tick = 0U; tick < 400000U; ++tick) {
    uint8_t packet[40];
    uint8_t answer[S2M_WEIGHTS_PACKET];
    float motor[S2M_MOTORS];
    if (rand() % 300 == 0) {
      armed = !armed;
    }
    memcpy(&before, &weights, sizeof before);
    const size_t length = any_packet(packet, &weights);
    const size_t size =
        s2m_weights_receive(&weights, packet, length, armed, s2m_weights_held(&controller), answer);
    const bool written = memcmp(&before.image, &weights.image, sizeof before.image) != 0;
    const bool held = s2m_weights_held(&controller) == &weights.image.weights;
    if (size != 0U && size != S2M_WEIGHTS_PACKET) {
      printf("an answer of %u bytes\n", (unsigned)size);
      return 1;
    }
    if (written && (armed || held || weights.state != S2M_WEIGHTS_RECEIVING)) {
      printf("tick %u: the bank was written in state %u\n", (unsigned)tick, weights.state);
      return 1;
    }
    if (weights.received > POLICY_IMAGE_SIZE ||
        (weights.state == S2M_WEIGHTS_ACTIVE && weights.received != POLICY_IMAGE_SIZE)) {
      printf("tick %u: %u bytes in state %u\n", (unsigned)tick, weights.received, weights.state);
      return 1;
    }
    taken += (weights.state == S2M_WEIGHTS_ACTIVE && before.state != S2M_WEIGHTS_ACTIVE) ? 1 : 0;
    refused +=
        (weights.state == S2M_WEIGHTS_REFUSED && before.state != S2M_WEIGHTS_REFUSED) ? 1 : 0;
    s2m_use_weights(&controller, s2m_weights_chosen(&weights));
    s2m_step(&controller, tick, armed, &estimate, &setpoint, motor);
  }
  printf("%s taken %d, refused %d\n", taken > 10 && refused > 10 ? "ok" : "rare", taken, refused);
  return 0;
}
