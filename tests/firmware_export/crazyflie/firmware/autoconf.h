/* A brushed Crazyflie arms by itself: CONFIG_MOTORS_REQUIRE_ARMING is not set. */
#ifndef WITHOUT_BATTERY_COMPENSATION
#define CONFIG_ENABLE_THRUST_BAT_COMPENSATED 1
#endif
