#include "account.h"

#include "../check.h"
#include "link.h"

enum { ID_BYTES = 3 };

size_t make_packet(uint8_t *packet, uint32_t id) {
  size_t count = ID_BYTES + (id * 2654435761u >> 8) % (LINK_MAX_PACKET_BYTES - ID_BYTES + 1);
  for (size_t i = 0; i < count; i++) {
    packet[i] = (uint8_t)(i < ID_BYTES ? id >> (8 * i) : (id & 3) < 2 ? id & 1 : id * 31 + i * 7);
  }
  return count;
}

static uint32_t check_packet(const uint8_t *packet, size_t count) {
  uint8_t expected[LINK_MAX_PACKET_BYTES];
  CHECK(count >= ID_BYTES);
  uint32_t id = (uint32_t)(packet[0] | packet[1] << 8 | packet[2] << 16);
  CHECK(same(packet, count, expected, make_packet(expected, id)));
  return id;
}

void take(account_t *account, const uint8_t *packet, size_t count) {
  uint32_t id = check_packet(packet, count);
  /* Exactly once and in order: what is skipped must be reported as lost, which settle() checks. */
  CHECK(id >= account->next_taken && id < account->sent);
  account->next_taken = id + 1;
  account->taken++;
  account->was_taken[id] = 1;
}

void take_datagram(account_t *account, const uint8_t *packet, size_t count) {
  uint32_t id = check_packet(packet, count);
  CHECK(id >= account->next_datagram && id < account->datagrams);
  account->next_datagram = id + 1;
  account->datagrams_taken++;
}

void settle_acknowledged(account_t *account) {
  CHECK(account->next_settled < account->sent);
  CHECK(account->was_taken[account->next_settled++]);
  account->acknowledged++;
}

void settle_lost(account_t *account, uint32_t count) {
  account->next_settled += count;
  account->lost += count;
  CHECK(account->next_settled == account->sent);
}

bool settled(const account_t *account) {
  return account->next_settled == account->sent;
}
