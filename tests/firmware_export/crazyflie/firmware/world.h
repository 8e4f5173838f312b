/* What the rest of the firmware says and was told; a test writes and reads it. */
#ifndef WORLD_H
#define WORLD_H

#include "interface.h"

typedef struct {
  uint32_t tick_ms;
  uint32_t slow_us; /* what every look at the clock adds */
  uint8_t can_fly, flying, connected, pid_ready;
  int32_t priority;
  uint32_t pid_calls, pid_resets, setpoints_sent;
  setpoint_t queue; /* the commander's only set-point */
} world_t;

extern world_t world;

#endif
