#include "s2m_silence.h"

#include <string.h>

#include "FreeRTOS.h"
#include "commander.h"
#include "crtp.h"

/* Well within the supervisor's 500 ms (COMMANDER_WDT_TIMEOUT_STABILIZE in supervisor.c). */
#define FEED_AGE_MS 200U

/* In a field that nobody else fills in. */
#define OWN_MARK 0x53324D21U

bool s2m_silence_is_host(const setpoint_t *setpoint) {
  const bool sent = setpoint->timestamp != 0U; /* the commander stamps what is sent */
  return sent && setpoint->position.timestamp != OWN_MARK;
}

uint32_t s2m_silence_heard_ms(s2m_silence_t *silence, const setpoint_t *setpoint, uint32_t now_ms) {
  if (crtpIsConnected()) {
    silence->connected_ms = now_ms;
  }
  if (s2m_silence_is_host(setpoint)) {
    const bool plan = commanderGetActivePriority() < COMMANDER_PRIORITY_CRTP;
    silence->heard_ms = plan ? silence->connected_ms : T2M(setpoint->timestamp);
  }
  return silence->heard_ms;
}

void s2m_silence_keep_supervisor(s2m_silence_t *silence, const s2m_pilot_t *pilot,
                                 const s2m_clearance_t *clearance, const setpoint_t *setpoint,
                                 uint32_t now_ms) {
  const uint32_t mode = pilot->controller.mode;
  const bool descending = mode == S2M_DEAD_MAN;
  const bool down = mode == S2M_LANDED || (!pilot->engaged && !pilot->latched);
  const bool ours = pilot->flies != S2M_FLIES_FIRMWARE && clearance->enabled;
  if (!ours || !clearance->flying || !clearance->motors_allowed || !(descending || down) ||
      now_ms - T2M(setpoint->timestamp) < FEED_AGE_MS) {
    return;
  }
  memset(&silence->own, 0, sizeof silence->own); /* motors off */
  silence->own.position.timestamp = OWN_MARK;
  if (descending) {
    /* What the PID shall do, should it have to take over on the way down. */
    silence->own.mode.x = silence->own.mode.y = silence->own.mode.z = modeVelocity;
    silence->own.mode.yaw = modeVelocity;
    silence->own.velocity.z = -pilot->controller.config.descent_m_s;
  }
  commanderSetSetpoint(&silence->own, commanderGetActivePriority());
}
