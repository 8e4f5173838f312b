/* sim2metal's policy as an out-of-tree controller of the Crazyflie's firmware.
 *
 * A thin adapter: crazyflie_units.c converts, s2m_pilot.c decides who flies, s2m_controller.c flies
 * the policy.  Here are the firmware's entry points, the hand-over to its PID controller, and what
 * can be read and set over the radio. */
#include <string.h>

#include "FreeRTOS.h"
#include "task.h"

#include "app.h"
#include "app_channel.h"
#include "autoconf.h"
#include "controller.h"
#include "controller_pid.h"
#include "log.h"
#include "param.h"
#include "platform_defaults.h"
#include "supervisor.h"
#include "usec_time.h"

#define DEBUG_MODULE "S2M"
#include "debug.h"

#include "crazyflie_units.h"
#include "policy.h"
#include "s2m_bundle.h"
#include "s2m_cycles.h"
#include "s2m_pilot.h"
#include "s2m_silence.h"
#include "s2m_weights.h"

/* Stacks are small here and CCM is full: everything lies in ordinary memory. */
static s2m_pilot_t pilot;
static s2m_silence_t silence;
static s2m_estimate_t estimate;
static s2m_setpoint_t followed;
static control_t pid_control; /* the PID writes it in parts, step by step: it needs its own */
static float motor[S2M_MOTORS];
static s2m_flies_t flew_before = S2M_FLIES_NOBODY;
/* With battery compensation the force mode is in newtons; without it is the PWM ratio itself. */
#ifdef CONFIG_ENABLE_THRUST_BAT_COMPENSATED
static const crazyflie_thrust_t thrust = {S2M_THRUST_CURVE, THRUST_MAX};
#else
static const crazyflie_thrust_t thrust = {S2M_THRUST_CURVE, CRAZYFLIE_PWM};
#endif

#ifdef CONFIG_MOTORS_REQUIRE_ARMING
#define ARMS_BY_HAND true
#else
#define ARMS_BY_HAND false /* the supervisor arms whenever it may: being disarmed means nothing */
#endif

/* Parameters. */
static uint8_t enable = 1U;
static uint32_t bundle_words[8];

#ifdef POLICY_WEIGHTS_SIZE
static s2m_weights_t weights;
#endif

/* Log variables. */
static struct {
  uint8_t mode, fault, flies, self_test;
  uint16_t self_test_wrong;
  uint32_t age_ms, steps, step_us, worst_us, cycles;
  float self_test_error, target_w[3], error_w[3];
} seen;

static uint32_t clock_us(void) {
  return (uint32_t)usecTimestamp();
}

/* The golden excerpt on this very chip.  Run it again, disarmed, whenever the weights change. */
static bool self_test(void) {
  const int wrong = policy_self_test(&pilot.controller.workspace, &seen.self_test_error);
  seen.self_test_wrong = (uint16_t)(wrong < 0 || wrong > UINT16_MAX ? UINT16_MAX : wrong);
  seen.self_test = wrong == 0 ? 1U : 0U;
  return wrong == 0;
}

static void show_bundle_id(const uint8_t id[32]) {
  for (int i = 0; i < 8; ++i) {
    const uint8_t *b = &id[4 * i];
    bundle_words[i] =
        ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | (uint32_t)b[3];
  }
}

/* Called before the first flight and whenever this controller is selected, also in the air. */
void controllerOutOfTreeInit(void) {
  static bool done = false;
  controllerPidInit();
  if (done) {
    return;
  }
  const s2m_pilot_config_t guards = {S2M_TILT_LIMIT_COS, S2M_BUDGET_US, clock_us};
  s2m_config_t config;
  s2m_default_config(&config, S2M_HOVER_COMMAND);
  config.control_period_ms = S2M_CONTROL_PERIOD_MS;
  config.slew_per_s = S2M_SLEW_PER_S;
  s2m_pilot_init(&pilot, &guards, &config);
  show_bundle_id(policy_bundle_id);
  s2m_cycles_start();
  self_test();
  done = true;
}

/* False keeps the firmware from starting: system.c then waits with a red light, and nothing arms.
 */
bool controllerOutOfTreeTest(void) {
  const bool passed = self_test();
  if (!passed) {
    DEBUG_PRINT("policy self-test: %u values are wrong\n", (unsigned)seen.self_test_wrong);
  }
  return passed && controllerPidTest();
}

static s2m_clearance_t clearance(void) {
  const bool allowed = supervisorCanFly();
  return (s2m_clearance_t){.motors_allowed = allowed,
                           .flying = supervisorIsFlying(),
                           .disarmed = ARMS_BY_HAND && !allowed,
                           .enabled = enable != 0U,
                           .self_test_passed = seen.self_test != 0U};
}

/* The firmware's controller starts without memory, on a step that computes all of its loops. */
static void fly_pid(control_t *control, const setpoint_t *setpoint, const sensorData_t *sensors,
                    const state_t *state, stabilizerStep_t step) {
  static const setpoint_t nothing;
  if (flew_before != S2M_FLIES_FIRMWARE) {
    memset(&pid_control, 0, sizeof pid_control);
    controllerPid(&pid_control, &nothing, sensors, state, 0U);
    step = 0U;
  }
  controllerPid(&pid_control, setpoint, sensors, state, step);
  *control = pid_control;
}

static void log_what_happens(uint32_t now) {
  const s2m_controller_t *c = &pilot.controller;
  seen.mode = s2m_pilot_mode(&pilot);
  seen.fault = pilot.fault;
  seen.flies = (uint8_t)flew_before;
  seen.age_ms = now - followed.tick_ms;
  seen.steps = c->steps;
  seen.step_us = pilot.last_us;
  seen.worst_us = pilot.worst_us;
  for (int i = 0; i < 3; ++i) {
    seen.target_w[i] = c->target_w[i];
    seen.error_w[i] = estimate.position_w[i] - c->target_w[i];
  }
}

void controllerOutOfTree(control_t *control, const setpoint_t *setpoint,
                         const sensorData_t *sensors, const state_t *state,
                         const stabilizerStep_t step) {
  const uint32_t now = T2M(xTaskGetTickCount());
  const uint32_t steps = pilot.controller.steps;
  const s2m_clearance_t cleared = clearance();
  crazyflie_estimate(state, sensors, &estimate);
  if (s2m_silence_is_host(setpoint)) {
    crazyflie_setpoint(setpoint, &estimate, &followed);
  }
  followed.tick_ms = s2m_silence_heard_ms(&silence, setpoint, now);
  const uint32_t began = s2m_cycles_now();
  const s2m_flies_t flies = s2m_pilot_step(&pilot, now, &cleared, &estimate, &followed, motor);
  if (pilot.controller.steps != steps) {
    seen.cycles = s2m_cycles_now() - began;
  }
  if (flies == S2M_FLIES_FIRMWARE) {
    fly_pid(control, setpoint, sensors, state, step);
  } else {
    memset(control, 0, sizeof *control);
    crazyflie_motors(motor, &thrust, control);
  }
  flew_before = flies;
  s2m_silence_keep_supervisor(&silence, &pilot, &cleared, setpoint, now);
  log_what_happens(now);
}

#ifdef POLICY_WEIGHTS_SIZE
/* Whether somebody may be about to fly; on a robot that arms by itself, whether somebody does. */
static bool armed(void) {
  return pilot.engaged || supervisorIsFlying() || (ARMS_BY_HAND && supervisorCanFly());
}

/* New weights by radio.  An answer that does not fit the queue is lost; the host asks again. */
static void take_packet(void) {
  uint8_t packet[S2M_WEIGHTS_PACKET], answer[S2M_WEIGHTS_PACKET];
  const size_t length = appchannelReceiveDataPacket(packet, sizeof packet, APPCHANNEL_WAIT_FOREVER);
  const size_t size = s2m_weights_receive(&weights, packet, length, armed(),
                                          s2m_weights_held(&pilot.controller), answer);
  s2m_use_weights(&pilot.controller, s2m_weights_chosen(&weights));
  show_bundle_id(s2m_weights_bundle_id(&weights));
  if (size > 0U) {
    appchannelSendDataPacket(answer, size);
  }
}
#else
static void take_packet(void) {
  vTaskDelay(M2T(10000)); /* there is nothing to take */
}
#endif

void appMain(void) {
  DEBUG_PRINT("policy " POLICY_BUNDLE_ID "\n");
  for (;;) {
    take_packet();
  }
}

PARAM_GROUP_START(s2m)
/** @brief 1: the policy flies set-points with a place; 0: the firmware's PID flies everything */
PARAM_ADD(PARAM_UINT8, enable, &enable)
/** @brief SHA-256 of the bundle, eight words, the first is the most significant */
PARAM_ADD(PARAM_UINT32 | PARAM_RONLY, id0, &bundle_words[0])
PARAM_ADD(PARAM_UINT32 | PARAM_RONLY, id1, &bundle_words[1])
PARAM_ADD(PARAM_UINT32 | PARAM_RONLY, id2, &bundle_words[2])
PARAM_ADD(PARAM_UINT32 | PARAM_RONLY, id3, &bundle_words[3])
PARAM_ADD(PARAM_UINT32 | PARAM_RONLY, id4, &bundle_words[4])
PARAM_ADD(PARAM_UINT32 | PARAM_RONLY, id5, &bundle_words[5])
PARAM_ADD(PARAM_UINT32 | PARAM_RONLY, id6, &bundle_words[6])
PARAM_ADD(PARAM_UINT32 | PARAM_RONLY, id7, &bundle_words[7])
/** @brief 1: the golden self-test passed */
PARAM_ADD(PARAM_UINT8 | PARAM_RONLY, selfTest, &seen.self_test)
/** @brief Values of the golden self-test that are wrong */
PARAM_ADD(PARAM_UINT16 | PARAM_RONLY, selfWrong, &seen.self_test_wrong)
/** @brief Largest error of the golden self-test, relative to each value's range */
PARAM_ADD(PARAM_FLOAT | PARAM_RONLY, selfError, &seen.self_test_error)
#ifdef POLICY_WEIGHTS_SIZE
/** @brief Weights in use: 0 flash, 1 flash while others arrive, 2 those by radio, 3 flash, others
 * were wrong */
PARAM_ADD(PARAM_UINT8 | PARAM_RONLY, weights, &weights.state)
/** @brief Why the last weights by radio were refused (s2m_weights.h): 6 checksum, 7 self-test */
PARAM_ADD(PARAM_UINT8 | PARAM_RONLY, weightsError, &weights.error)
#endif
PARAM_GROUP_STOP(s2m)

LOG_GROUP_START(s2m)
/** @brief 0 off, 1 idle, 2 policy, 3 dead-man, 4 fault, motors off, 5 landed, 6 fault, PID flies */
LOG_ADD(LOG_UINT8, mode, &seen.mode)
/** @brief What ended the policy: 1 self-test, 2 estimate, 3 tilt, 4 policy, 5 time, 6 disabled */
LOG_ADD(LOG_UINT8, fault, &seen.fault)
/** @brief Who flies: 0 nobody, 1 policy, 2 firmware's PID */
LOG_ADD(LOG_UINT8, flies, &seen.flies)
/** @brief Age of the set-point in use, ms */
LOG_ADD(LOG_UINT32, age, &seen.age_ms)
/** @brief Policy steps since power-on */
LOG_ADD(LOG_UINT32, steps, &seen.steps)
/** @brief Processor cycles of the last policy step with everything around it */
LOG_ADD(LOG_UINT32, cycles, &seen.cycles)
/** @brief The same in microseconds, of the controller alone */
LOG_ADD(LOG_UINT32, us, &seen.step_us)
/** @brief Largest since the flight began */
LOG_ADD(LOG_UINT32, usMax, &seen.worst_us)
/** @brief The place the policy holds, m */
LOG_ADD(LOG_FLOAT, tx, &seen.target_w[0])
LOG_ADD(LOG_FLOAT, ty, &seen.target_w[1])
LOG_ADD(LOG_FLOAT, tz, &seen.target_w[2])
/** @brief Estimate minus that place, m */
LOG_ADD(LOG_FLOAT, ex, &seen.error_w[0])
LOG_ADD(LOG_FLOAT, ey, &seen.error_w[1])
LOG_ADD(LOG_FLOAT, ez, &seen.error_w[2])
/** @brief The policy's motor commands, fractions of the largest rotor speed */
LOG_ADD(LOG_FLOAT, m1, &motor[0])
LOG_ADD(LOG_FLOAT, m2, &motor[1])
LOG_ADD(LOG_FLOAT, m3, &motor[2])
LOG_ADD(LOG_FLOAT, m4, &motor[3])
LOG_GROUP_STOP(s2m)
