#ifndef WORKHORSE_LINES_H
#define WORKHORSE_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a file of /proc line by line without malloc: the files read describe the very memory that malloc would change. */
struct lines {
  int fd;
  size_t at, end;
  char buffer[16384];
};

/* False with errno set. */
bool lines_open(struct lines *lines, const char *path);
/* The next line without its newline, valid until the next call; NULL at the end. A line too long for the buffer is cut. */
char *lines_next(struct lines *lines);
void lines_close(struct lines *lines);

#endif
