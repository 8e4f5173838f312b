#include "variables.h"

#define PARAM_UINT8 0x08
#define PARAM_UINT16 0x09
#define PARAM_UINT32 0x0A
#define PARAM_FLOAT 0x06
#define PARAM_RONLY 0x100
#define PARAM_GROUP_START(group) GROUP_START(param, group)
#define PARAM_ADD(type, name, address) GROUP_ADD(type, name, address)
#define PARAM_GROUP_STOP(group) GROUP_STOP
