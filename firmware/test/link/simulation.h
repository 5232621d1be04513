#ifndef SIMULATION_H
#define SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

/** Runs `cases` cases of 6 s each. Returns the number of packets that the applications took. */
unsigned long run_simulation(uint32_t first_seed, uint32_t cases, bool verbose);

#endif
