/*
 * A terminal that shows whatever it gets as fast as possible: runs a command on a pseudo-terminal and empties it.
 *
 *   terminal COMMAND [ARGUMENT...]
 *
 * Prints {"lines":…} at the end: how many lines it has shown.
 */
#include "common.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* Wide enough for a packet of 64 bytes on one line. */
static const struct winsize SIZE = {.ws_row = 50, .ws_col = 320};

int main(int count, char **words) {
  static char buffer[65536];
  int terminal = -1;
  if (count < 2) {
    fputs("usage: terminal COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  pid_t child = forkpty(&terminal, NULL, NULL, &SIZE);
  if (child < 0) {
    perror("forkpty");
    return 1;
  }
  if (child == 0) {
    setenv("TERM", "xterm-256color", 1);
    execvp(words[1], words + 1);
    perror(words[1]);
    _exit(127);
  }
  long lines = 0;
  for (;;) {
    ssize_t received = read(terminal, buffer, sizeof buffer);
    if (received < 0 && errno == EINTR) {
      continue;
    }
    /* EIO: the command and its children have closed the terminal. */
    if (received <= 0) {
      break;
    }
    for (const char *at = buffer; (at = memchr(at, '\n', (size_t)(buffer + received - at))) != NULL; at++) {
      lines++;
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  printf("{\"lines\":%ld}\n", lines);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
