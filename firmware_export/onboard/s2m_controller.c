#include "s2m_controller.h"

#include <math.h>
#include <string.h>

#if POLICY_OBSERVATION_SIZE != S2M_OBSERVATION_SIZE
#error "s2m_controller.c assembles 22 observations; this policy expects another number"
#endif
#if POLICY_ACTION_SIZE != S2M_MOTORS
#error "s2m_controller.c drives four motors; this policy has another number of actions"
#endif

void s2m_default_config(s2m_config_t *config, float hover_command) {
  memset(config, 0, sizeof *config);
  config->control_period_ms = 10U;
  config->dead_man_ms = 200U; /* as in "Learning to Fly in Seconds" */
  config->descent_limit_ms = 12000U;
  config->warm_up_ms = 500U; /* as in "Learning to Fly in Seconds" */
  config->descent_m_s = 0.3f;
  config->ground_clearance_m = 0.03f;
  config->idle_command = 0.1f;
  config->hover_command = hover_command;
  config->slew_per_s = 100.0f;
  config->position_error_limit_m = 0.5f; /* as in "Learning to Fly in Seconds" */
  for (int i = 0; i < 3; ++i) {
    config->setpoint_low_w[i] = i == 2 ? -1.0f : -2.0f;
    config->setpoint_high_w[i] = i == 2 ? 2.5f : 2.0f;
  }
}

void s2m_init(s2m_controller_t *controller, const s2m_config_t *config) {
  memset(controller, 0, sizeof *controller);
  controller->config = *config;
  controller->mode = S2M_OFF;
#ifdef POLICY_WEIGHTS_SIZE
  controller->weights = controller->next_weights = &policy_flash_weights;
#endif
}

#ifdef POLICY_WEIGHTS_SIZE
void s2m_use_weights(s2m_controller_t *controller, const policy_weights_t *weights) {
  controller->next_weights = weights;
}

const policy_weights_t *s2m_weights_held(const s2m_controller_t *controller) {
  return controller->weights;
}
#endif

/* What may change on a robot that is disarmed. */
static void rest(s2m_controller_t *c) {
  c->mode = S2M_OFF;
#ifdef POLICY_WEIGHTS_SIZE
  c->weights = c->next_weights;
#endif
}

static void step_policy(s2m_controller_t *c, float action[S2M_MOTORS]) {
#ifdef POLICY_WEIGHTS_SIZE
  policy_step_with(c->weights, c->observation, c->reset, &c->policy_state, &c->workspace, action);
#else
  policy_step(c->observation, c->reset, &c->policy_state, &c->workspace, action);
#endif
}

static float clip(float value, float low, float high) {
  return value < low ? low : (value > high ? high : value);
}

static bool all_finite(const float *values, int count) {
  for (int i = 0; i < count; ++i) {
    if (!isfinite(values[i])) {
      return false;
    }
  }
  return true;
}

/* World<-body rotation matrix, row-major. */
static void rotation_from_quaternion(const float q[4], float r[9]) {
  const float w = q[0], x = q[1], y = q[2], z = q[3];
  r[0] = 1.0f - 2.0f * (y * y + z * z);
  r[1] = 2.0f * (x * y - w * z);
  r[2] = 2.0f * (x * z + w * y);
  r[3] = 2.0f * (x * y + w * z);
  r[4] = 1.0f - 2.0f * (x * x + z * z);
  r[5] = 2.0f * (y * z - w * x);
  r[6] = 2.0f * (x * z - w * y);
  r[7] = 2.0f * (y * z + w * x);
  r[8] = 1.0f - 2.0f * (x * x + y * y);
}

static void observe(s2m_controller_t *c, const s2m_estimate_t *e) {
  float *o = c->observation;
  const float limit = c->config.position_error_limit_m;
  for (int i = 0; i < 3; ++i) {
    const float error = e->position_w[i] - c->target_w[i];
    o[i] = clip(error, -limit, limit);
    o[12 + i] = e->velocity_w[i];
    o[15 + i] = e->angular_velocity_b[i];
  }
  rotation_from_quaternion(e->attitude, &o[3]);
  for (int i = 0; i < S2M_MOTORS; ++i) {
    o[18 + i] = c->reset > 0.0f ? c->config.hover_command : c->applied[i];
  }
}

static bool is_number(const s2m_estimate_t *e) {
  return all_finite(e->position_w, 3) && all_finite(e->velocity_w, 3) &&
         all_finite(e->attitude, 4) && all_finite(e->angular_velocity_b, 3);
}

/* One policy step; returns false if estimate, observation or action is not made of numbers. */
static bool run_policy(s2m_controller_t *c, const s2m_estimate_t *e) {
  float action[S2M_MOTORS];
  observe(c, e);
  step_policy(c, action);
  ++c->steps;
  if (!is_number(e) || !all_finite(c->observation, S2M_OBSERVATION_SIZE) ||
      !all_finite(action, S2M_MOTORS)) {
    return false;
  }
  const float change = c->config.slew_per_s * 1e-3f * (float)c->config.control_period_ms;
  for (int i = 0; i < S2M_MOTORS; ++i) {
    const float wanted = clip(action[i], 0.0f, 1.0f);
    c->applied[i] = clip(wanted, c->applied[i] - change, c->applied[i] + change);
  }
  c->reset = 0.0f;
  return true;
}

static void motors(s2m_controller_t *c, float command) {
  for (int i = 0; i < S2M_MOTORS; ++i) {
    c->applied[i] = command;
  }
}

/* Whether there is a place or a velocity to follow, and it is made of numbers. */
static bool can_be_followed(const s2m_setpoint_t *s) {
  const bool motion = s->mode == S2M_SETPOINT_POSITION || s->mode == S2M_SETPOINT_VELOCITY ||
                      s->mode == S2M_SETPOINT_HOVER;
  return motion && all_finite(s->position_w, 3) && all_finite(s->velocity_w, 3);
}

/* Move the point the policy holds as the set-point says. */
static void follow(s2m_controller_t *c, const s2m_setpoint_t *s) {
  const float dt = 1e-3f;
  for (int i = 0; i < 3; ++i) {
    const bool absolute =
        s->mode == S2M_SETPOINT_POSITION || (s->mode == S2M_SETPOINT_HOVER && i == 2);
    const float wanted = absolute ? s->position_w[i] : c->target_w[i] + dt * s->velocity_w[i];
    c->target_w[i] = clip(wanted, c->home_w[i] + c->config.setpoint_low_w[i],
                          c->home_w[i] + c->config.setpoint_high_w[i]);
  }
}

static void enter_policy(s2m_controller_t *c, uint32_t tick, const s2m_estimate_t *e) {
  if (c->mode == S2M_IDLE) {
    c->reset = 1.0f;
    memset(&c->policy_state, 0, sizeof c->policy_state);
    memcpy(c->target_w, e->position_w, sizeof c->target_w);
    c->policy_tick_ms = tick - c->config.control_period_ms; /* due now */
  }
  c->mode = S2M_POLICY;
}

static void enter_dead_man(s2m_controller_t *c, uint32_t tick, const s2m_estimate_t *e) {
  c->mode = S2M_DEAD_MAN;
  c->descent_tick_ms = tick;
  memcpy(c->target_w, e->position_w, sizeof c->target_w);
}

/* Sink; true when the ground is reached or the time is up. */
static bool descend(s2m_controller_t *c, uint32_t tick, const s2m_estimate_t *e) {
  c->target_w[2] -= 1e-3f * c->config.descent_m_s;
  const float lowest = e->position_w[2] - c->config.position_error_limit_m;
  /* On something higher than home the target keeps sinking; far below it the motors are weak. */
  const bool stuck = c->target_w[2] < lowest && fabsf(e->velocity_w[2]) < 0.05f;
  const bool low = e->position_w[2] < c->home_w[2] + c->config.ground_clearance_m;
  return low || stuck || tick - c->descent_tick_ms > c->config.descent_limit_ms;
}

/* Modes of an armed robot that is not latched off. */
static void choose_mode(s2m_controller_t *c, uint32_t tick, const s2m_estimate_t *e,
                        const s2m_setpoint_t *s) {
  const bool stop = s->mode == S2M_SETPOINT_STOP;
  const bool fresh = (stop || can_be_followed(s)) && tick - s->tick_ms < c->config.dead_man_ms;
  const bool warm = tick - c->armed_tick_ms >= c->config.warm_up_ms;
  if (fresh && stop) {
    c->mode = S2M_IDLE;
  } else if (fresh && warm) {
    enter_policy(c, tick, e);
    follow(c, s);
  } else if (c->mode == S2M_POLICY && !fresh) {
    enter_dead_man(c, tick, e);
  }
  if (c->mode == S2M_DEAD_MAN && descend(c, tick, e)) {
    c->mode = S2M_LANDED;
  }
}

static void arm(s2m_controller_t *c, uint32_t tick, const s2m_estimate_t *e) {
  c->mode = is_number(e) ? S2M_IDLE : S2M_FAULT; /* there is no home to remember */
  c->armed_tick_ms = tick;
  memcpy(c->home_w, e->position_w, sizeof c->home_w);
  motors(c, 0.0f);
}

static void idle(s2m_controller_t *c, uint32_t tick) {
  const float elapsed = (float)(tick - c->armed_tick_ms);
  const float ramp = c->config.warm_up_ms > 0U ? elapsed / (float)c->config.warm_up_ms : 1.0f;
  motors(c, c->config.idle_command * clip(ramp, 0.0f, 1.0f));
}

s2m_mode_t s2m_step(s2m_controller_t *c, uint32_t tick, bool armed, const s2m_estimate_t *e,
                    const s2m_setpoint_t *s, float motor[S2M_MOTORS]) {
  if (!armed) {
    rest(c);
  } else if (c->mode == S2M_OFF) {
    arm(c, tick, e);
  }
  if (c->mode == S2M_IDLE || c->mode == S2M_POLICY || c->mode == S2M_DEAD_MAN) {
    choose_mode(c, tick, e, s);
  }
  if (c->mode == S2M_IDLE) {
    idle(c, tick);
  } else if (c->mode == S2M_POLICY || c->mode == S2M_DEAD_MAN) {
    if (tick - c->policy_tick_ms >= c->config.control_period_ms) {
      c->policy_tick_ms = tick;
      if (!run_policy(c, e)) {
        c->mode = S2M_FAULT;
      }
    }
  }
  /* Between two policy steps the held command itself may be damaged: no NaN ever leaves. */
  if (c->mode != S2M_OFF && !all_finite(c->applied, S2M_MOTORS)) {
    c->mode = S2M_FAULT;
  }
  if (c->mode == S2M_OFF || c->mode == S2M_LANDED || c->mode == S2M_FAULT) {
    motors(c, 0.0f);
  }
  memcpy(motor, c->applied, sizeof c->applied);
  return (s2m_mode_t)c->mode;
}
