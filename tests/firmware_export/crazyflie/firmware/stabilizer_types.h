/* The interface types of the Crazyflie's firmware that the app uses, declared anew for tests on a
 * computer: field names, types and order as in crazyflie-firmware's stabilizer_types.h, which is
 * under the GPL and therefore not here.  tests/firmware_export/crazyflie/test_firmware.py compares
 * every offset with the real header when a checkout is given. */
#ifndef STABILIZER_TYPES_H
#define STABILIZER_TYPES_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t stabilizerStep_t;

typedef struct {
  float x, y, z;
} Axis3f;

typedef struct {
  uint32_t timestamp;
  float roll, pitch, yaw; /* degrees; the pitch of a state is inverted */
} attitude_t;

typedef struct {
  uint32_t timestamp;
  float x, y, z;
} vec3_stamped_t;
typedef vec3_stamped_t point_t, velocity_t, acc_t, jerk_t;

typedef struct {
  float x, y, z, w;
} quaternion_t;

typedef struct {
  float pressure, temperature, asl;
} baro_t;

typedef struct {
  Axis3f acc;  /* g */
  Axis3f gyro; /* deg/s */
  Axis3f mag;
  baro_t baro;
  uint64_t interruptTimestamp;
} sensorData_t;

typedef struct {
  attitude_t attitude;
  quaternion_t attitudeQuaternion;
  point_t position;
  velocity_t velocity;
  acc_t acc; /* g, without gravity */
} state_t;

typedef enum {
  controlModeLegacy = 0,
  controlModeForceTorque = 1,
  controlModeForce = 2
} control_mode_t;

typedef struct {
  union {
    struct {
      int16_t roll, pitch, yaw;
      float thrust;
    };
    struct {
      float thrustSi;
      float torque[3];
    };
    float normalizedForces[4];
  };
  control_mode_t controlMode;
} control_t;

typedef enum { modeDisable = 0, modeAbs, modeVelocity } stab_mode_t;

typedef struct {
  uint32_t timestamp;
  attitude_t attitude;
  attitude_t attitudeRate;
  quaternion_t attitudeQuaternion;
  float thrust;
  point_t position;
  velocity_t velocity;
  acc_t acceleration;
  jerk_t jerk;
  bool velocity_body;
  struct {
    stab_mode_t x, y, z, roll, pitch, yaw, quat;
  } mode;
} setpoint_t;

#endif
