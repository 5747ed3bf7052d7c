#ifndef WORKHORSE_FORK_H
#define WORKHORSE_FORK_H

#include <sys/types.h>
#include <uv.h>

/*
 * fork(2) of this process with V8's heap in it. In the child the event loop is made anew and no signal is blocked.
 * -1 with errno set and `during` saying what failed. Calls nothing of V8's.
 */
pid_t fork_process(uv_loop_t *loop, const char **during);

/* In a process that was forked so: " since 23:59:59Z", in UTC. */
#define BIRTH_TIME_SIZE sizeof " since 23:59:59Z"
extern char birth_time[BIRTH_TIME_SIZE];

#endif
