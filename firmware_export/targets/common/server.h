/* Answers requests for policy steps over a serial line, one at a time, for ever. */
#ifndef SERVER_H
#define SERVER_H

void server_run(void);

#endif
