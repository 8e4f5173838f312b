/* The robot's end of the serial protocol (docs/serial-protocol.md) for a microcontroller of one's
   own.

   It takes commands from one host at a time and says every control period what it measures; it
   refuses what is old, damaged, out of range or from somebody else. The board calls
   serial_robot_byte for every byte that arrives and serial_robot_tick once per millisecond, fills
   in the estimate, and moves the robot as serial_robot_mode and serial_robot_channels say.

   Built as it is, it is a flying robot with four motors; with -DSERIAL_JOINTS=29 it is a robot with
   29 joints that takes target angles. */
#ifndef SERIAL_ROBOT_H
#define SERIAL_ROBOT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef SERIAL_JOINTS
#define SERIAL_CHANNELS SERIAL_JOINTS
#else
#define SERIAL_CHANNELS 4U
#endif
#define SERIAL_FAILSAFE_MS 200U
#define SERIAL_HOLD_SILENCE_MS 1000U

#ifdef SERIAL_JOINTS
typedef struct {
  float orientation_wxyz[4];            /* unit quaternion, world<-body */
  float angular_velocity_b[3];          /* rad/s */
  float position[SERIAL_CHANNELS];      /* rad */
  float velocity[SERIAL_CHANNELS];      /* rad/s */
  float torque[SERIAL_CHANNELS];        /* N m */
  float temperature_c[SERIAL_CHANNELS]; /* hottest sensor of each motor */
  float battery_v;
  bool operator_stop; /* the robot's own remote asks for a stop: the joints are damped */
  bool motor_error;   /* a motor reports an error: no arming */
} serial_estimate_t;
#else
typedef struct {
  float position_w[3];         /* m */
  float velocity_w[3];         /* m/s */
  float orientation_wxyz[4];   /* unit quaternion, world<-body */
  float angular_velocity_b[3]; /* rad/s */
  float battery_v;
} serial_estimate_t;
#endif

typedef struct {
  void (*put)(uint8_t byte);             /* to the UART; may queue */
  const char *name;                      /* of the robot, as bundles call it */
  const char *channels[SERIAL_CHANNELS]; /* motor or joint names in command order */
  uint8_t firmware_id[32];               /* e.g. a hash of the firmware */
  uint32_t period_ms;                    /* between two states */
#ifdef SERIAL_JOINTS
  float low[SERIAL_CHANNELS], high[SERIAL_CHANNELS]; /* range of each joint, rad */
#endif
} serial_robot_config_t;

/* Who moves the motors. */
typedef enum {
  SERIAL_OFF = 0,  /* nobody: no force */
  SERIAL_IDLE = 1, /* armed: motors stand still; joints are held where serial_robot_channels says */
  SERIAL_COMMANDS = 2, /* the host */
  SERIAL_FAILSAFE =
      3, /* commands are missing: the board brings the robot down, or damps the joints */
  SERIAL_SAFE_ACTION = 4,
  SERIAL_STOPPED = 7
} serial_mode_t;

/* Numbers of the safe actions in the protocol. */
enum {
  SERIAL_LEVEL_AND_DESCEND = 0,
  SERIAL_LAND = 1,
  SERIAL_HOLD = 2,
  SERIAL_DAMP = 3,
  SERIAL_ACTION_OFF = 4
};

void serial_robot_init(const serial_robot_config_t *config);
void serial_robot_byte(uint8_t byte);
void serial_robot_tick(uint32_t now_ms, const serial_estimate_t *estimate);

serial_mode_t serial_robot_mode(void);
/* The safe action asked for; read in SERIAL_SAFE_ACTION. */
uint8_t serial_robot_action(void);
/* Flying: motor commands, 0 to 1, the host's in SERIAL_COMMANDS, else zero. Joints: target angles,
   rad, for SERIAL_IDLE, SERIAL_COMMANDS and the safe action SERIAL_HOLD; in FAILSAFE and with
   SERIAL_DAMP the joints are damped, else without force. */
const float *serial_robot_channels(void);
/* The board's own descent has ended, or it must stop for its own reasons. */
void serial_robot_disarm(void);

#endif
