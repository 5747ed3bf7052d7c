#ifndef WORKHORSE_CHILDSIGNAL_H
#define WORKHORSE_CHILDSIGNAL_H

/* In a forked child: give SIGCHLD back the disposition it had before childSignal(). */
void restore_child_signal(void);

#endif
