/* Who flies: the policy, the firmware's own controller, or nobody.
 *
 * The on-board controller (s2m_controller.h) flies the policy and brings it down when the host
 * falls silent.  This module decides whether it may, and takes the policy out of the loop when it
 * must not go on:
 *
 *   first set-point with a place     -> the policy starts, if enabled and its self-test passed
 *   estimate that is no number       -> firmware; motors off for as long as it is none
 *   tilt beyond the bundle's limit   -> firmware
 *   policy that returns no number    -> firmware
 *   policy slower than its budget    -> firmware
 *   switched off in the air          -> firmware
 *
 * A fault is kept until the robot is disarmed, or stands still and the host sends a stop; before
 * the policy has flown, a fault leaves the motors off instead.
 *
 * C99, no heap, no globals, nothing of the firmware. */
#ifndef S2M_PILOT_H
#define S2M_PILOT_H

#include "s2m_controller.h"

typedef enum {
  S2M_FLIES_NOBODY = 0,  /* motors off */
  S2M_FLIES_POLICY = 1,  /* motor[] holds rotor speed fractions */
  S2M_FLIES_FIRMWARE = 2 /* its own controller follows the set-point */
} s2m_flies_t;

typedef enum {
  S2M_FAULT_NONE = 0,
  S2M_FAULT_SELF_TEST = 1, /* the golden self-test failed: the motors never start */
  S2M_FAULT_ESTIMATE = 2,  /* the state estimate is no number, or its quaternion has no length */
  S2M_FAULT_TILT = 3,
  S2M_FAULT_POLICY = 4, /* its output, memory or held command is no number */
  S2M_FAULT_TIME = 5,   /* it took longer than its budget */
  S2M_FAULT_DISABLED = 6
} s2m_fault_t;

typedef struct {
  float tilt_limit_cos;       /* cosine of the largest tilt */
  uint32_t budget_us;         /* longest time of one policy step */
  uint32_t (*clock_us)(void); /* free-running microseconds */
} s2m_pilot_config_t;

/* What the rest of the firmware says this millisecond. */
typedef struct {
  bool motors_allowed; /* by its supervisor */
  bool flying;         /* by its supervisor: motors turned a moment ago */
  bool disarmed;       /* somebody disarmed it; always false where it arms by itself */
  bool enabled;        /* the user wants the policy */
  bool self_test_passed;
} s2m_clearance_t;

typedef struct {
  s2m_pilot_config_t config;
  s2m_controller_t controller;
  uint8_t flies; /* s2m_flies_t */
  uint8_t fault; /* s2m_fault_t; the last one, until the next start */
  bool engaged;  /* from the first set-point with a place to the end of the flight */
  bool latched;  /* not before a stop or disarming again */
  bool flew;     /* the policy has moved the motors since the start */
  uint32_t last_us;
  uint32_t worst_us; /* since the start */
} s2m_pilot_t;

void s2m_pilot_init(s2m_pilot_t *pilot, const s2m_pilot_config_t *config,
                    const s2m_config_t *controller);

/* One millisecond.  motor[] is all zeros unless the policy flies. */
s2m_flies_t s2m_pilot_step(s2m_pilot_t *pilot, uint32_t tick_ms, const s2m_clearance_t *clearance,
                           const s2m_estimate_t *estimate, const s2m_setpoint_t *setpoint,
                           float motor[S2M_MOTORS]);

/* Beyond s2m_mode_t: a fault ended the policy, the firmware's controller flies. */
#define S2M_HANDED_OVER 6

/* For logs: s2m_mode_t of the controller; after a fault S2M_HANDED_OVER, or S2M_FAULT where the
 * motors are off. */
uint8_t s2m_pilot_mode(const s2m_pilot_t *pilot);

#endif
