/* What becomes of the packets of one direction in the simulation. Each has an id; it is taken, and acknowledged or lost. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_IDS = 1 << 16 };

/** `next_taken`, `next_settled` and `next_datagram` are ids. */
typedef struct {
  uint32_t sent, next_taken, taken, next_settled, acknowledged, lost, datagrams, next_datagram, datagrams_taken;
  uint8_t was_taken[MAX_IDS];
} account_t;

/** Writes a packet of any length, whose contents follow from its id. Returns its length. */
size_t make_packet(uint8_t *packet, uint32_t id);

/** An application takes a packet: whole, exactly once and in order. */
void take(account_t *account, const uint8_t *packet, size_t count);
void take_datagram(account_t *account, const uint8_t *packet, size_t count);

/** The sender learns that its oldest packet was taken, or that the last `count` may not have been. */
void settle_acknowledged(account_t *account);
void settle_lost(account_t *account, uint32_t count);

bool settled(const account_t *account);

#endif
