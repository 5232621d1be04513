/* Usage: link-test [CASES [SEED]]. With a seed, it prints what happens in each case. */
#include <stdio.h>
#include <stdlib.h>

#include "../check.h"
#include "link.h"
#include "simulation.h"
#include "unit.h"

int main(int count, char **words) {
  uint32_t cases = count > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 60;
  uint32_t seed = count > 2 ? (uint32_t)strtoul(words[2], NULL, 10) : 1;
#if LINK_RECEIVE_WINDOW == 4 && LINK_SEND_WINDOW == 4 && LINK_MAX_PACKET_BYTES == 64
#if LINK_IDLE_DELIMITERS == 0
  test_link();
#else
  test_link_idle();
#endif
#elif LINK_RECEIVE_WINDOW == 32 && LINK_SEND_WINDOW == 32
  test_link_wide();
#endif
  unsigned long packets = run_simulation(seed, cases, count > 2);
  printf("link.c, windows %d and %d, %d bytes: %lu packets in %lu simulated cases, %lu checks: all passed\n",
         LINK_RECEIVE_WINDOW, LINK_SEND_WINDOW, LINK_MAX_PACKET_BYTES, packets, (unsigned long)cases, checks);
  return 0;
}
