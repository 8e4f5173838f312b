/* The on-board controller: everything between a state estimate, a set-point and four motors.
 *
 * Call s2m_step once per millisecond. It runs the generated policy every control period, holds
 * its action in between, and acts by itself when the host, the estimate or the policy fails:
 *
 *   disarmed              -> motors off
 *   armed, no set-point   -> motors ramp up to idle
 *   fresh set-point       -> the policy flies
 *   set-point dead_man_ms old     -> the policy flies to a point that sinks at
 *                            descent_m_s above the place where the host fell silent, then off
 *   set-point that is no number   -> the same at once
 *   estimate or policy that is no number -> motors off until disarmed
 *
 * C99, no heap, no globals: all memory is in s2m_controller_t.  SI units; quaternions wxyz;
 * world frame z up, body frame x forward, y left, z up.
 */
#ifndef S2M_CONTROLLER_H
#define S2M_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define S2M_MOTORS 4
/* position error 3, rotation matrix 9, velocity 3, body rates 3, applied action 4 */
#define S2M_OBSERVATION_SIZE 22

typedef struct {
  uint32_t control_period_ms; /* the policy runs once per period, never faster */
  uint32_t dead_man_ms;       /* set-points this old are not followed */
  uint32_t descent_limit_ms;  /* motors off at the latest after this long in the dead-man descent */
  uint32_t warm_up_ms;        /* from standstill to idle */
  float descent_m_s;          /* sink rate of the dead-man descent */
  float ground_clearance_m;   /* this close above the arming height counts as landed */
  float idle_command;         /* motor command of an armed robot that waits */
  float hover_command;        /* applied action reported on the policy's first step */
  float slew_per_s;           /* largest change of a motor command */
  float position_error_limit_m; /* farthest the policy is told it is from its set-point */
  float setpoint_low_w[3];      /* set-points are clipped to this box around the arming position */
  float setpoint_high_w[3];
} s2m_config_t;

typedef struct {
  float position_w[3];         /* m */
  float velocity_w[3];         /* m/s */
  float attitude[4];           /* wxyz, world<-body */
  float angular_velocity_b[3]; /* rad/s */
} s2m_estimate_t;

typedef enum {
  S2M_SETPOINT_NONE = 0,     /* nothing to follow: motors idle, or the dead-man if flying */
  S2M_SETPOINT_STOP = 1,     /* motors off (idle) */
  S2M_SETPOINT_POSITION = 2, /* hold position_w */
  S2M_SETPOINT_VELOCITY = 3, /* move the held point at velocity_w */
  S2M_SETPOINT_HOVER = 4     /* move the held point at velocity_w in x and y, hold position_w[2] */
} s2m_setpoint_mode_t;

typedef struct {
  uint32_t mode;       /* s2m_setpoint_mode_t */
  uint32_t tick_ms;    /* when it arrived; of a plan made on board: when the link was last heard */
  float position_w[3]; /* m */
  float velocity_w[3]; /* m/s */
} s2m_setpoint_t;

typedef enum {
  S2M_OFF = 0,      /* disarmed */
  S2M_IDLE = 1,     /* armed, warming up or waiting for a set-point */
  S2M_POLICY = 2,   /* the policy follows the set-point */
  S2M_DEAD_MAN = 3, /* the host fell silent: level and descend */
  S2M_FAULT = 4,    /* NaN: motors off until disarmed */
  S2M_LANDED = 5    /* after the descent: motors off until disarmed */
} s2m_mode_t;

typedef struct {
  s2m_config_t config;
  policy_state_t policy_state;
  policy_workspace_t workspace;
#ifdef POLICY_WEIGHTS_SIZE
  const policy_weights_t *volatile weights;      /* what the policy flies with */
  const policy_weights_t *volatile next_weights; /* taken over while disarmed */
#endif
  uint32_t mode;  /* s2m_mode_t */
  uint32_t steps; /* policy steps since start */
  uint32_t armed_tick_ms;
  uint32_t policy_tick_ms; /* when the policy ran last */
  uint32_t descent_tick_ms;
  float reset;                             /* 1 until the policy made its first step */
  float home_w[3];                         /* position when armed */
  float target_w[3];                       /* the point the policy holds */
  float applied[S2M_MOTORS];               /* motor command in use */
  float observation[S2M_OBSERVATION_SIZE]; /* what the policy saw last */
} s2m_controller_t;

/* Defaults for a Crazyflie; hover_command is the bundle's nominal action. */
void s2m_default_config(s2m_config_t *config, float hover_command);

/* Start from scratch, disarmed. */
void s2m_init(s2m_controller_t *controller, const s2m_config_t *config);

/* One millisecond: motor[] receives rotor speed fractions in [0, 1]; returns the mode. */
s2m_mode_t s2m_step(s2m_controller_t *controller, uint32_t tick_ms, bool armed,
                    const s2m_estimate_t *estimate, const s2m_setpoint_t *setpoint,
                    float motor[S2M_MOTORS]);

#ifdef POLICY_WEIGHTS_SIZE
/* Fly with other weights from the next s2m_step on in which the robot is disarmed.  May be called
   from a task that s2m_step interrupts; both sides only store or load one pointer. */
void s2m_use_weights(s2m_controller_t *controller, const policy_weights_t *weights);

/* What it flies with now: their memory must not change. */
const policy_weights_t *s2m_weights_held(const s2m_controller_t *controller);
#endif

#ifdef __cplusplus
}
#endif
#endif
