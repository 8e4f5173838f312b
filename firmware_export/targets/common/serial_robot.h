/* The robot's end of the serial protocol (docs/serial-protocol.md) for a microcontroller of one's
   own.

   It takes motor commands from one host at a time and says every control period what it measures;
   it refuses what is old, damaged, out of range or from somebody else. The board calls
   serial_robot_byte for every byte that arrives and serial_robot_tick once per millisecond, fills
   in the estimate, and turns the motors as serial_robot_motors says. */
#ifndef SERIAL_ROBOT_H
#define SERIAL_ROBOT_H

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_CHANNELS 4U
#define SERIAL_FAILSAFE_MS 200U

typedef struct {
  float position_w[3];         /* m */
  float velocity_w[3];         /* m/s */
  float orientation_wxyz[4];   /* unit quaternion, world<-body */
  float angular_velocity_b[3]; /* rad/s */
  float battery_v;
} serial_estimate_t;

typedef struct {
  void (*put)(uint8_t byte);             /* to the UART; may queue */
  const char *name;                      /* of the robot, as bundles call it */
  const char *channels[SERIAL_CHANNELS]; /* motor names in command order */
  uint8_t firmware_id[32];               /* e.g. a hash of the firmware */
  uint32_t period_ms;                    /* between two states */
} serial_robot_config_t;

/* Who moves the motors. */
typedef enum {
  SERIAL_OFF = 0,
  SERIAL_IDLE = 1,
  SERIAL_COMMANDS = 2,
  SERIAL_FAILSAFE = 3, /* commands are missing: the board must bring the robot down by itself */
  SERIAL_SAFE_ACTION = 4,
  SERIAL_STOPPED = 7
} serial_mode_t;

void serial_robot_init(const serial_robot_config_t *config);
void serial_robot_byte(uint8_t byte);
void serial_robot_tick(uint32_t now_ms, const serial_estimate_t *estimate);

serial_mode_t serial_robot_mode(void);
/* The safe action asked for, as its number in the protocol; read in SERIAL_SAFE_ACTION. */
uint8_t serial_robot_action(void);
/* Motor commands, 0 to 1: the host's in SERIAL_COMMANDS, else zero. */
const float *serial_robot_motors(void);
/* The board's own descent has ended, or it must stop for its own reasons. */
void serial_robot_disarm(void);

#endif
