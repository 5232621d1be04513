/* Shared by the simulated devices: their ports, and the byte that `--corrupt` changes. */
#ifndef BENCH_PORT_H
#define BENCH_PORT_H

#include "common.h"

#include <fcntl.h>
#include <termios.h>

/* Number of bytes until the one that `corrupt` changes. Negative if it is to change none. */
static long corrupt_in = -1;

/* Opens a raw pseudo-terminal. Its slave also stays open, so that the port outlives the programs that open it. */
static inline int open_port(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
    FAIL("posix_openpt: %s", strerror(errno));
  }
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios settings;
  if (slave < 0 || tcgetattr(slave, &settings) != 0) {
    FAIL("%s: %s", ptsname(master), strerror(errno));
  }
  cfmakeraw(&settings);
  tcsetattr(slave, TCSANOW, &settings);
  return master;
}

/* Changes the chosen byte when the stream reaches it. Never changes a delimiter, and never creates one. */
static inline void corrupt(uint8_t *bytes, size_t count) {
  for (size_t index = 0; corrupt_in >= 0 && index < count; index++) {
    if (corrupt_in > 0) {
      corrupt_in--;
    } else if (bytes[index] != 0 && bytes[index] != 0x40) {
      bytes[index] ^= 0x40;
      corrupt_in = -1;
    }
  }
}

#endif
