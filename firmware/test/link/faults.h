/* What goes wrong in the simulation: rates that a seed chooses, and chances. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint32_t frame_loss, repetition, byte_loss, bit_error; /* in 100,000 */
  uint32_t device_restarts, host_restarts, cuts; /* in 10,000,000, at each tick */
  long delay_ticks;
  uint32_t slow_device, slow_host, pauses;
  bool with_counter;
} faults_t;

extern faults_t faults;
/** The faults have ended. */
extern bool draining;

void choose_faults(uint32_t seed);
uint32_t chance(void);
/** Whether something happens that has this rate. */
bool happens(uint32_t rate, uint32_t of);

#endif
