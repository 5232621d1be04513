#include "faults.h"

faults_t faults;
bool draining;
static uint32_t random_state;

uint32_t chance(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

bool happens(uint32_t rate, uint32_t of) {
  return rate > 0 && !draining && chance() % of < rate;
}

static uint32_t pick(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  uint32_t all[] = {a, b, c, d};
  return all[chance() % 4];
}

void choose_faults(uint32_t seed) {
  random_state = seed * 2654435761u | 1;
  draining = false;
  faults.frame_loss = pick(0, 1000, 10000, 30000);
  faults.repetition = pick(0, 0, 1000, 20000);
  faults.byte_loss = pick(0, 0, 10, 300);
  faults.bit_error = pick(0, 0, 10, 300);
  faults.device_restarts = pick(0, 0, 100, 2000);
  faults.host_restarts = pick(0, 0, 100, 2000);
  faults.cuts = pick(0, 0, 100, 2000);
  faults.delay_ticks = (long)pick(0, 10, 160, 1000);
  faults.slow_device = pick(0, 1, 10, 50);
  faults.slow_host = pick(0, 1, 10, 50);
  faults.pauses = pick(0, 0, 10, 100);
  faults.with_counter = chance() % 2 == 0;
}
