#ifndef WORKHORSE_CHILDSIGNAL_H
#define WORKHORSE_CHILDSIGNAL_H

#include <stdbool.h>

/* Empties the descriptor of childSignal() without blocking. False with errno set. */
bool drain_child_signal(int fd);

/* In a forked child: give SIGCHLD back the disposition it had before childSignal(). */
void restore_child_signal(void);

#endif
