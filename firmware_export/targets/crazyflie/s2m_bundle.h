/* What the app knows of the bundle besides its network. */
#ifndef S2M_BUNDLE_H
#define S2M_BUNDLE_H

/* The policy's period; a step that takes longer ends in the firmware's own controller. */
#define S2M_CONTROL_PERIOD_MS @CONTROL_PERIOD_MS@U
#define S2M_BUDGET_US (1000U * S2M_CONTROL_PERIOD_MS)

/* Rotor speed fractions: at hover, and the largest change per second. */
#define S2M_HOVER_COMMAND @HOVER_COMMAND@
#define S2M_SLEW_PER_S @SLEW_PER_S@

/* Cosine of the largest tilt. */
#define S2M_TILT_LIMIT_COS @TILT_LIMIT_COS@

/* Thrust of one rotor, N, over its speed fraction u: a + b u + c u^2. */
#define S2M_THRUST_CURVE {@THRUST_CURVE@}

#endif
