#ifndef WORKHORSE_DONTFORK_H
#define WORKHORSE_DONTFORK_H

#include <stdbool.h>

/* Lift MADV_DONTFORK from all memory of this process. False with errno set. */
bool lift_dontfork(void);

#endif
