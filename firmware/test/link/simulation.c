/*
 * Runs link.c against the opener in virtual time, over a line that loses and damages bytes and frames, delays, is cut, and
 * delivers to a device with a small ring. Either end restarts, and applications are slow. Every packet is accounted for.
 */
#include "simulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../check.h"
#include "account.h"
#include "faults.h"
#include "link.h"
#include "opener.h"

enum { TICKS_PER_MS = 10, LINE_BYTES = 1 << 14, RING_BYTES = 256 };

typedef struct {
  uint8_t bytes[LINE_BYTES];
  long arrives[LINE_BYTES];
  unsigned start, end;
} line_t;

static line_t to_device, to_host;
static account_t from_device, from_host;
static opener_t opener;
static link_t *device;
static uint32_t starts;
static uint8_t host_bytes[4096];
static size_t host_start, host_end;
/* The frame that the device is sending, and how much of it the line has still to repeat. */
static uint8_t device_frame[LINK_MAX_PACKET_BYTES + 40];
static size_t device_frame_bytes, repeated_bytes;
static bool repeats;
static uint8_t ring[RING_BYTES];
static unsigned ring_start, ring_end;
static uint8_t datagram[LINK_MAX_PACKET_BYTES];
static long now, cut_until, device_busy_until, host_busy_until, device_paused_until;

/* The device */

static bool device_receives(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  CHECK(link == device && link->in_session);
  if (now < device_busy_until) {
    return false;
  }
  if (happens(faults.slow_device, 100)) {
    device_busy_until = now + chance() % (300 * TICKS_PER_MS);
  }
  take(&from_host, packet, packet_bytes);
  return true;
}

static bool device_receives_datagram(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  CHECK(link == device);
  take_datagram(&from_host, packet, packet_bytes);
  return true;
}

static void settle_device(void) {
  while (from_device.sent - from_device.next_settled > device->waiting) {
    settle_acknowledged(&from_device);
  }
}

static void device_session(link_t *link, uint8_t lost) {
  CHECK(link == device && link->in_session && (lost == 0 || link->waiting == 0));
  while (from_device.sent - from_device.next_settled > (uint32_t)(lost + link->waiting)) {
    settle_acknowledged(&from_device);
  }
  if (lost > 0) {
    settle_lost(&from_device, lost);
  }
}

static uint16_t count_start(link_t *link) {
  (void)link;
  return (uint16_t)starts;
}

static const link_callbacks_t without_counter = {device_receives, device_receives_datagram, device_session, NULL};
static const link_callbacks_t with_counter = {device_receives, device_receives_datagram, device_session, count_start};

static void start_device(void) {
  starts++;
  memset(device, 0xA5, sizeof *device);
  link_init(device, faults.with_counter ? &with_counter : &without_counter);
  ring_start = ring_end = 0;
  device_frame_bytes = 0;
  repeats = false;
}

static void restart_device(void) {
  settle_device();
  settle_lost(&from_device, from_device.sent - from_device.next_settled);
  start_device();
}

/* The host */

static void host_writes(void *context, const uint8_t *bytes, size_t count) {
  (void)context;
  CHECK(host_end + 2 * count <= sizeof host_bytes);
  if (happens(faults.frame_loss, 100000)) {
    return;
  }
  for (int copies = happens(faults.repetition, 100000) ? 2 : 1; copies > 0; copies--) {
    memcpy(host_bytes + host_end, bytes, count);
    host_end += count;
  }
}

static bool host_receives(void *context, const uint8_t *packet, size_t packet_bytes) {
  (void)context;
  if (now < host_busy_until) {
    return false;
  }
  if (happens(faults.slow_host, 100)) {
    host_busy_until = now + chance() % (300 * TICKS_PER_MS);
  }
  take(&from_device, packet, packet_bytes);
  return true;
}

static void host_receives_datagram(void *context, const uint8_t *packet, size_t packet_bytes) {
  (void)context;
  take_datagram(&from_device, packet, packet_bytes);
}

static void host_acknowledged(void *context) {
  (void)context;
  settle_acknowledged(&from_host);
}

static void host_reset(void *context, unsigned lost) {
  (void)context;
  settle_lost(&from_host, lost);
}

static const opener_callbacks_t host = {host_writes,       host_receives, host_receives_datagram,
                                        host_acknowledged, host_reset,    NULL};

static void start_host(void) {
  static const uint8_t windows[] = {1, 2, 4, 7, 8, 20, 32};
  opener_init(&opener, &host, chance() | 1, windows[chance() % sizeof windows],
              30 + 3 * faults.delay_ticks / TICKS_PER_MS + 3 * (LINK_MAX_PACKET_BYTES + 12) / TICKS_PER_MS);
}

static void restart_host(void) {
  settle_lost(&from_host, from_host.sent - from_host.next_settled);
  start_host();
}

/* The line */

static void carry(line_t *line, uint8_t byte) {
  if (now < cut_until || happens(faults.byte_loss, 100000)) {
    return;
  }
  if (happens(faults.bit_error, 100000)) {
    byte ^= (uint8_t)(1 << chance() % 8);
  }
  CHECK((line->end + 1) % LINE_BYTES != line->start);
  line->bytes[line->end] = byte;
  line->arrives[line->end] = now + faults.delay_ticks;
  line->end = (line->end + 1) % LINE_BYTES;
}

/* Returns the next byte from the device or from a frame of the device that the line repeats, or -1. */
static int16_t next_from_device(void) {
  if (repeats) {
    uint8_t byte = device_frame[repeated_bytes++];
    repeats = byte != 0;
    return byte;
  }
  int16_t byte = link_take(device);
  if (byte >= 0) {
    CHECK(device_frame_bytes < sizeof device_frame);
    device_frame[device_frame_bytes++] = (uint8_t)byte;
  }
  if (byte == 0) {
    repeats = happens(faults.repetition, 100000);
    repeated_bytes = device_frame_bytes = 0;
  }
  return byte;
}

/* Returns the next byte that has arrived, or -1. */
static int arrived(line_t *line) {
  if (line->start == line->end || line->arrives[line->start] > now) {
    return -1;
  }
  int byte = line->bytes[line->start];
  line->start = (line->start + 1) % LINE_BYTES;
  return byte;
}

static void run_device(void) {
  int byte = arrived(&to_device);
  if (byte >= 0 && (ring_end + 1) % RING_BYTES != ring_start) {
    ring[ring_end] = (uint8_t)byte;
    ring_end = (ring_end + 1) % RING_BYTES;
  }
  if (now < device_paused_until) {
    return;
  }
  if (happens(faults.pauses, 10000)) {
    device_paused_until = now + chance() % (60 * TICKS_PER_MS);
  }
  for (; ring_start != ring_end; ring_start = (ring_start + 1) % RING_BYTES) {
    link_push(device, ring[ring_start]);
  }
  link_poll(device, (uint16_t)(now / TICKS_PER_MS + 65000));
  settle_device();
  if (!draining && from_device.sent < MAX_IDS && chance() % 64 < 3) {
    uint8_t packet[LINK_MAX_PACKET_BYTES];
    if (link_send(device, packet, make_packet(packet, from_device.sent))) {
      from_device.sent++;
    }
  }
  if (!draining && device->in_session && device->datagram == NULL && chance() % 512 == 0) {
    size_t count = make_packet(datagram, from_device.datagrams++);
    CHECK(link_send_datagram(device, datagram, count));
  }
  int16_t output = next_from_device();
  if (output >= 0) {
    carry(&to_host, (uint8_t)output);
  }
}

static void run_host(void) {
  int byte = arrived(&to_host);
  if (byte >= 0) {
    opener_push(&opener, (uint8_t)byte, now / TICKS_PER_MS);
  }
  opener_deliver(&opener);
  if (!draining && from_host.sent < MAX_IDS && chance() % 64 < 3) {
    uint8_t packet[LINK_MAX_PACKET_BYTES];
    if (opener_send(&opener, packet, make_packet(packet, from_host.sent))) {
      from_host.sent++;
    }
  }
  if (host_start == host_end) {
    host_start = host_end = 0;
    if (!draining && opener.in_session && chance() % 512 == 0) {
      uint8_t packet[LINK_MAX_PACKET_BYTES];
      opener_send_datagram(&opener, packet, make_packet(packet, from_host.datagrams++));
    } else {
      opener_poll(&opener, now / TICKS_PER_MS);
    }
  }
  if (host_start < host_end) {
    carry(&to_device, host_bytes[host_start++]);
  }
}

/* Runs one case. Returns the number of packets that were taken. */
static unsigned long run_case(uint32_t seed, long ticks, bool verbose) {
  static char name[60];
  snprintf(name, sizeof name, "simulation, seed %lu", (unsigned long)seed);
  test_name = name;
  memset(&to_device, 0, sizeof to_device);
  memset(&to_host, 0, sizeof to_host);
  memset(&from_device, 0, sizeof from_device);
  memset(&from_host, 0, sizeof from_host);
  host_start = host_end = 0;
  now = cut_until = device_busy_until = host_busy_until = device_paused_until = 0;
  starts = 0;
  choose_faults(seed);
  device = (link_t *)(void *)allocate(sizeof *device);
  start_device();
  start_host();
  for (; now < ticks; now++) {
    if (happens(faults.device_restarts, 10000000)) {
      restart_device();
    }
    if (happens(faults.host_restarts, 10000000)) {
      restart_host();
    }
    if (happens(faults.cuts, 10000000)) {
      cut_until = now + chance() % (2000 * TICKS_PER_MS);
    }
    run_device();
    run_host();
  }
  /* The line works again: all that waits arrives, within a bounded time. */
  draining = true;
  for (long end = now + 60000 * TICKS_PER_MS; !settled(&from_device) || !settled(&from_host); now++) {
    run_device();
    run_host();
    CHECK(now < end);
  }
  if (verbose) {
    printf("seed %lu: device sent %lu, acknowledged %lu, lost %lu, resent %u; host sent %lu, acknowledged %lu, lost %lu; "
           "%lu sessions, duplicates %u, damaged %u, dropped %u\n",
           (unsigned long)seed, (unsigned long)from_device.sent, (unsigned long)from_device.acknowledged,
           (unsigned long)from_device.lost, device->resent, (unsigned long)from_host.sent,
           (unsigned long)from_host.acknowledged, (unsigned long)from_host.lost, opener.sessions, device->duplicates,
           device->damaged, device->dropped);
  }
  CHECK(from_device.sent == from_device.acknowledged + from_device.lost);
  CHECK(from_host.sent == from_host.acknowledged + from_host.lost);
  CHECK(from_device.taken >= from_device.acknowledged && from_host.taken >= from_host.acknowledged);
  if (faults.device_restarts + faults.host_restarts == 0) {
    CHECK(from_device.lost == 0 && from_host.lost == 0 && opener.sessions == 1);
    CHECK(from_device.taken == from_device.sent && from_host.taken == from_host.sent);
    CHECK(device->dropped == 0);
  }
  CHECK(from_device.acknowledged > 0 || from_device.lost > 0);
  free(device);
  return from_device.taken + from_host.taken;
}

unsigned long run_simulation(uint32_t first_seed, uint32_t cases, bool verbose) {
  unsigned long packets = 0;
  for (uint32_t i = 0; i < cases; i++) {
    packets += run_case(first_seed + i, 60000, verbose);
  }
  return packets;
}
