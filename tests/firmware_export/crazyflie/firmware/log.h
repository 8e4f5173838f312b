#include "variables.h"

#define LOG_UINT8 1
#define LOG_UINT16 2
#define LOG_UINT32 3
#define LOG_FLOAT 7
#define LOG_GROUP_START(group) GROUP_START(log, group)
#define LOG_ADD(type, name, address) GROUP_ADD(type, name, address)
#define LOG_GROUP_STOP(group) GROUP_STOP
