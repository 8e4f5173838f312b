/* A host that falls silent: how old a set-point is, and how its descent outlives the firmware's
 * watchdog.
 *
 * The firmware's supervisor levels the robot 0.5 s after the last set-point and locks it after 2 s,
 * wherever it is.  The on-board controller brings it down in up to 12 s instead.  While it does,
 * this module sends the supervisor set-points of its own, and tells them from the host's by a mark,
 * so that the host's next one is followed at once.
 *
 * A plan of the high-level commander is written anew every step by the firmware itself; its age is
 * counted from when the radio link was last there. */
#ifndef S2M_SILENCE_H
#define S2M_SILENCE_H

#include "s2m_pilot.h"
#include "stabilizer_types.h"

typedef struct {
  setpoint_t own;        /* the last one sent from here */
  uint32_t heard_ms;     /* when the set-point in use came from its host */
  uint32_t connected_ms; /* when the link was last there */
} s2m_silence_t;

/* Whether a host sent it: not this module, nor the stabilizer, whose null set-point means that
   nothing may fly. */
bool s2m_silence_is_host(const setpoint_t *setpoint);

/* When the set-point in use was last confirmed by its host. */
uint32_t s2m_silence_heard_ms(s2m_silence_t *silence, const setpoint_t *setpoint, uint32_t now_ms);

/* Keep the supervisor from locking a robot that the controller brings down or has just landed. */
void s2m_silence_keep_supervisor(s2m_silence_t *silence, const s2m_pilot_t *pilot,
                                 const s2m_clearance_t *clearance, const setpoint_t *setpoint,
                                 uint32_t now_ms);

#endif
