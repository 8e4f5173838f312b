#include "interface.h"
