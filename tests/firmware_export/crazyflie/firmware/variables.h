/* A group of parameters or log variables as a table that a test reads by name. */
#ifndef VARIABLES_H
#define VARIABLES_H

typedef struct {
  const char *name;
  int type; /* the firmware's numbers; + 0x100 where it is read-only */
  void *address;
} variable_t;

#define GROUP_START(kind, group)                                                                   \
  extern const variable_t kind##_##group[];                                                        \
  const variable_t kind##_##group[] = {
#define GROUP_ADD(type, name, address) {#name, type, address},
#define GROUP_STOP                                                                                 \
  { 0, 0, 0 }                                                                                      \
  }                                                                                                \
  ;

#endif
