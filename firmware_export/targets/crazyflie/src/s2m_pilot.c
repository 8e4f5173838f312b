#include "s2m_pilot.h"

#include <math.h>
#include <string.h>

void s2m_pilot_init(s2m_pilot_t *p, const s2m_pilot_config_t *config,
                    const s2m_config_t *controller) {
  memset(p, 0, sizeof *p);
  p->config = *config;
  s2m_init(&p->controller, controller);
}

static bool estimate_is_number(const s2m_estimate_t *e) {
  bool finite = true;
  for (int i = 0; i < 3; ++i) {
    finite = finite && isfinite(e->position_w[i]) && isfinite(e->velocity_w[i]) &&
             isfinite(e->angular_velocity_b[i]);
  }
  for (int i = 0; i < 4; ++i) {
    finite = finite && isfinite(e->attitude[i]);
  }
  return finite;
}

static bool tilted(const s2m_pilot_t *p, const s2m_estimate_t *e) {
  const float x = e->attitude[1], y = e->attitude[2];
  return !(1.0f - 2.0f * (x * x + y * y) >= p->config.tilt_limit_cos);
}

/* Whether there is a place or a velocity for the policy to follow. */
static bool can_follow(const s2m_pilot_t *p, uint32_t tick, const s2m_setpoint_t *s) {
  const bool place = s->mode == S2M_SETPOINT_POSITION || s->mode == S2M_SETPOINT_VELOCITY ||
                     s->mode == S2M_SETPOINT_HOVER;
  return place && tick - s->tick_ms < p->controller.config.dead_man_ms;
}

static void give_up(s2m_pilot_t *p, s2m_fault_t fault) {
  p->fault = (uint8_t)fault;
  p->latched = true;
  p->flies = (uint8_t)(p->flew ? S2M_FLIES_FIRMWARE : S2M_FLIES_NOBODY);
}

static void engage(s2m_pilot_t *p, const s2m_clearance_t *clearance) {
  p->engaged = true;
  p->flew = false;
  p->fault = S2M_FAULT_NONE;
  p->worst_us = 0U;
  p->flies = S2M_FLIES_POLICY;
  if (!clearance->self_test_passed) {
    give_up(p, S2M_FAULT_SELF_TEST);
  }
}

/* Begin and end of a flight. */
static void update_engagement(s2m_pilot_t *p, uint32_t tick, const s2m_clearance_t *clearance,
                              const s2m_setpoint_t *s) {
  const bool stopped = s->mode == S2M_SETPOINT_STOP && clearance->motors_allowed;
  const bool at_rest = !clearance->flying;
  if (clearance->disarmed || (at_rest && (stopped || !clearance->enabled))) {
    p->latched = false;
  }
  if (!clearance->motors_allowed || (stopped && at_rest)) {
    p->engaged = false;
  }
  const bool waiting = p->flies == S2M_FLIES_POLICY && p->controller.mode == S2M_IDLE && !p->flew;
  if (waiting && p->engaged && !can_follow(p, tick, s)) {
    p->engaged = false; /* the host fell silent while the motors warmed up */
  }
  if (!p->engaged && !p->latched && at_rest && clearance->motors_allowed && clearance->enabled &&
      can_follow(p, tick, s)) {
    engage(p, clearance);
  }
}

/* The policy's millisecond; returns the fault that ends it. */
static s2m_fault_t fly(s2m_pilot_t *p, uint32_t tick, const s2m_estimate_t *e,
                       const s2m_setpoint_t *s, float motor[S2M_MOTORS]) {
  const uint32_t steps = p->controller.steps;
  const uint32_t began = p->config.clock_us();
  const s2m_mode_t mode = s2m_step(&p->controller, tick, true, e, s, motor);
  const uint32_t took = p->config.clock_us() - began;
  if (p->controller.steps != steps) {
    p->last_us = took;
    p->worst_us = took > p->worst_us ? took : p->worst_us;
  }
  p->flew = p->flew || mode == S2M_POLICY || mode == S2M_DEAD_MAN;
  if (mode == S2M_FAULT) {
    return S2M_FAULT_POLICY;
  }
  if (took > p->config.budget_us) {
    return S2M_FAULT_TIME;
  }
  if (mode == S2M_LANDED) {
    p->latched = true;
  }
  if (s->mode == S2M_SETPOINT_STOP) {
    memset(motor, 0, S2M_MOTORS * sizeof *motor); /* a stop is a stop, not an idle speed */
  }
  return S2M_FAULT_NONE;
}

static s2m_fault_t check(const s2m_pilot_t *p, const s2m_clearance_t *clearance,
                         const s2m_estimate_t *e) {
  if (!clearance->enabled) {
    return S2M_FAULT_DISABLED;
  }
  if (!estimate_is_number(e)) {
    return S2M_FAULT_ESTIMATE;
  }
  return tilted(p, e) ? S2M_FAULT_TILT : S2M_FAULT_NONE;
}

/* Between flights: the policy's motors stand still, the firmware keeps what it began. */
static s2m_flies_t rest(s2m_pilot_t *p, uint32_t tick, const s2m_clearance_t *clearance,
                        const s2m_estimate_t *e, const s2m_setpoint_t *s, float motor[S2M_MOTORS]) {
  s2m_step(&p->controller, tick, false, e, s, motor);
  const bool keeps = p->flies == S2M_FLIES_FIRMWARE && clearance->flying;
  p->flies = (uint8_t)(keeps || !clearance->enabled ? S2M_FLIES_FIRMWARE : S2M_FLIES_NOBODY);
  return (s2m_flies_t)p->flies;
}

s2m_flies_t s2m_pilot_step(s2m_pilot_t *p, uint32_t tick, const s2m_clearance_t *clearance,
                           const s2m_estimate_t *e, const s2m_setpoint_t *s,
                           float motor[S2M_MOTORS]) {
  memset(motor, 0, S2M_MOTORS * sizeof *motor);
  update_engagement(p, tick, clearance, s);
  if (!p->engaged) {
    return rest(p, tick, clearance, e, s, motor);
  }
  if (p->flies == S2M_FLIES_POLICY) {
    s2m_fault_t fault = check(p, clearance, e);
    if (fault == S2M_FAULT_NONE) {
      fault = fly(p, tick, e, s, motor);
    }
    if (fault != S2M_FAULT_NONE) {
      memset(motor, 0, S2M_MOTORS * sizeof *motor);
      give_up(p, fault);
    }
  }
  /* No controller can fly on what is no number; the estimator may find itself again. */
  const bool blind = p->flies == S2M_FLIES_FIRMWARE && !estimate_is_number(e);
  return blind ? S2M_FLIES_NOBODY : (s2m_flies_t)p->flies;
}

uint8_t s2m_pilot_mode(const s2m_pilot_t *p) {
  if (!p->engaged || p->fault == S2M_FAULT_NONE) {
    return (uint8_t)p->controller.mode;
  }
  return p->flies == S2M_FLIES_FIRMWARE ? S2M_HANDED_OVER : S2M_FAULT;
}
