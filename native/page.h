#ifndef WORKHORSE_PAGE_H
#define WORKHORSE_PAGE_H

#include <stddef.h>
#include <unistd.h>

/* Bytes in a page of memory. The C library has it from the kernel since the process began: asking costs nothing. */
static inline size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

#endif
