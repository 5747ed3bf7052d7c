#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool lines_open(struct lines *lines, const char *path) {
  lines->at = lines->end = 0;
  lines->fd = open(path, O_RDONLY | O_CLOEXEC);
  return lines->fd >= 0;
}

static bool refill(struct lines *lines) {
  memmove(lines->buffer, lines->buffer + lines->at, lines->end - lines->at);
  lines->end -= lines->at;
  lines->at = 0;
  ssize_t got;
  do {
    got = read(lines->fd, lines->buffer + lines->end, sizeof lines->buffer - 1 - lines->end);
  } while (got < 0 && errno == EINTR);
  if (got > 0) lines->end += (size_t)got;
  return got > 0;
}

char *lines_next(struct lines *lines) {
  for (;;) {
    char *line = lines->buffer + lines->at;
    char *newline = memchr(line, '\n', lines->end - lines->at);
    if (newline) {
      *newline = '\0';
      lines->at = (size_t)(newline - lines->buffer) + 1;
      return line;
    }
    if (refill(lines)) continue;
    if (lines->at == lines->end) return NULL;
    lines->buffer[lines->end] = '\0';
    line = lines->buffer + lines->at;
    lines->at = lines->end;
    return line;
  }
}

void lines_close(struct lines *lines) { close(lines->fd); }
