/* The functions of the Crazyflie's firmware that the app calls, with their signatures; interface.c
 * answers them as a test says. */
#ifndef INTERFACE_H
#define INTERFACE_H

#include <stddef.h>

#include "stabilizer_types.h"

#define M2T(x) ((unsigned int)(x)) /* one tick is a millisecond */
#define T2M(x) ((unsigned int)(x))
#define COMMANDER_PRIORITY_CRTP 2
#ifndef THRUST_MAX
#define THRUST_MAX 0.12f /* N, one rotor with the propellers of a Crazyflie 2.1+ */
#endif
#define DEBUG_PRINT(...) ((void)0)

uint32_t xTaskGetTickCount(void);
void vTaskDelay(uint32_t ticks);
uint64_t usecTimestamp(void);
bool supervisorCanFly(void);
bool supervisorIsFlying(void);
bool crtpIsConnected(void);
void commanderSetSetpoint(setpoint_t *setpoint, int priority);
int commanderGetActivePriority(void);
void controllerPidInit(void);
bool controllerPidTest(void);
void controllerPid(control_t *control, const setpoint_t *setpoint, const sensorData_t *sensors,
                   const state_t *state, stabilizerStep_t step);

#define APPCHANNEL_WAIT_FOREVER (-1)
size_t appchannelReceiveDataPacket(void *buffer, size_t max_length, int timeout_ms);
int appchannelSendDataPacket(void *data, size_t length);

void appMain(void);
void controllerOutOfTreeInit(void);
bool controllerOutOfTreeTest(void);
void controllerOutOfTree(control_t *control, const setpoint_t *setpoint,
                         const sensorData_t *sensors, const state_t *state, stabilizerStep_t step);

#endif
