/* The rest of the firmware as a test wants it: what it says, and what it is told. */
#include "interface.h"

#include "s2m_cycles.h"
#include "world.h"

#include <setjmp.h>
#include <string.h>

extern const uint32_t interface_sizes[5];
world_t world;
const uint32_t interface_sizes[5] = {(uint32_t)sizeof(world_t), (uint32_t)sizeof(setpoint_t),
                                     (uint32_t)sizeof(state_t), (uint32_t)sizeof(sensorData_t),
                                     (uint32_t)sizeof(control_t)};
static uint64_t now_us;

uint32_t xTaskGetTickCount(void) {
  return world.tick_ms;
}

void vTaskDelay(uint32_t ticks) {
  (void)ticks;
}

uint64_t usecTimestamp(void) {
  now_us += world.slow_us;
  return now_us;
}

void s2m_cycles_start(void) {
}

uint32_t s2m_cycles_now(void) {
  return 168U * (uint32_t)now_us;
}

bool supervisorCanFly(void) {
  return world.can_fly != 0U;
}

bool supervisorIsFlying(void) {
  return world.flying != 0U;
}

bool crtpIsConnected(void) {
  return world.connected != 0U;
}

/* As commander.c: only as urgent a sender as the last one is heard, and the time is stamped here.
 */
void commanderSetSetpoint(setpoint_t *setpoint, int priority) {
  if (priority >= world.priority) {
    setpoint->timestamp = world.tick_ms;
    world.queue = *setpoint;
    world.priority = priority;
    ++world.setpoints_sent;
  }
}

int commanderGetActivePriority(void) {
  return world.priority;
}

void controllerPidInit(void) {
}

bool controllerPidTest(void) {
  return world.pid_ready != 0U;
}

/* Shows in its output what it was given.  Like the real one it has loops at several rates: torques
 * are written in every second step only, thrust in every one; no thrust resets it. */
void controllerPid(control_t *control, const setpoint_t *setpoint, const sensorData_t *sensors,
                   const state_t *state, stabilizerStep_t step) {
  ++world.pid_calls;
  control->controlMode = controlModeLegacy;
  if (step % 2U == 0U) {
    control->roll = 111;
    control->pitch = (int16_t)(-sensors->gyro.y);
    control->yaw = (int16_t)state->attitude.yaw;
  }
  control->thrust = setpoint->mode.z == modeDisable ? setpoint->thrust : 36000.0f;
  if (control->thrust == 0.0f) {
    control->roll = control->pitch = control->yaw = 0;
    ++world.pid_resets;
  }
}

/* The application channel: the app's task waits for ever, so that a test leaves it by a jump when
 * it waits for the packet after its own. */
static jmp_buf waiting;
static const uint8_t *incoming;
static uint8_t *outgoing;
static size_t incoming_length, outgoing_length;

size_t serve_app(const uint8_t *packet, size_t length, uint8_t *answer);

size_t appchannelReceiveDataPacket(void *buffer, size_t max_length, int timeout_ms) {
  (void)timeout_ms;
  if (incoming == NULL) {
    longjmp(waiting, 1);
  }
  const size_t length = incoming_length < max_length ? incoming_length : max_length;
  memcpy(buffer, incoming, length);
  incoming = NULL;
  return length;
}

int appchannelSendDataPacket(void *data, size_t length) {
  memcpy(outgoing, data, length);
  outgoing_length = length;
  return 0;
}

/* Let the app's task take one packet; returns the length of its answer. */
size_t serve_app(const uint8_t *packet, size_t length, uint8_t *answer) {
  incoming = packet;
  incoming_length = length;
  outgoing = answer;
  outgoing_length = 0U;
  if (setjmp(waiting) == 0) {
    appMain();
  }
  return outgoing_length;
}
