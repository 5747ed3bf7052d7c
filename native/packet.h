#ifndef WORKHORSE_PACKET_H
#define WORKHORSE_PACKET_H

#include <stddef.h>
#include <sys/types.h>

/* recvmsg(2) of one packet into `data`; received descriptors are close-on-exec. -1 with errno set. */
ssize_t receive_packet(int socket, void *data, size_t size, int *descriptors, size_t capacity, size_t *count);

#endif
