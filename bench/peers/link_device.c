/*
 * The simulated device of a connection with acknowledged delivery: a pseudo-terminal, and firmware/src/link.c.
 *
 *   link_device echo [options]     sends back each packet
 *   link_device flood [options]    for each line "run N" on stdin, sends N packets as fast as the host acknowledges them
 *   link_device sink [options]     for each line "run N" on stdin, receives N packets, checks every byte, and reports the time
 *
 *   --size BYTES     packet size of flood and sink, at most LINK_MAX_PACKET_BYTES (64)
 *   --corrupt BYTE   the application changes one byte: the first possible one from this position in its packets on (never)
 *
 * Prints one line of JSON with the path of the port, then one for each line on stdin.
 */
#include "port.h"

#include <link.h>
#include <poll.h>

enum { CHUNK_BYTES = 65536, POLL_MS = 10 };

static link_t host;
static size_t size = 64;
static const uint8_t *pool;

/* The run: how many packets it has, and how many of them are sent or received. */
static long packets;
static long done;
static double started;

static const uint8_t *pool_packet(long index) { return pool + (size_t)(index % POOL_PACKETS) * size; }

/* Starts a run, if a line on stdin says so. Exits at the end of stdin. */
static void read_command(void) {
  char line[64];
  ssize_t bytes = read(STDIN_FILENO, line, sizeof line - 1);
  if (bytes <= 0) {
    exit(0);
  }
  line[bytes] = 0;
  if (sscanf(line, "run %ld", &packets) != 1) {
    FAIL("link_device: unknown command");
  }
  done = 0;
  started = now_us();
}

static void report_run(void) {
  printf("{\"packets\":%ld,\"seconds\":%.6f}\n", packets, (now_us() - started) / 1e6);
  fflush(stdout);
  packets = 0;
}

static bool echo(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  uint8_t copy[LINK_MAX_PACKET_BYTES];
  if (link->waiting == LINK_SEND_WINDOW) {
    return false;
  }
  memcpy(copy, packet, packet_bytes);
  corrupt(copy, packet_bytes);
  return link_send(link, copy, packet_bytes);
}

static bool sink(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  uint8_t copy[LINK_MAX_PACKET_BYTES];
  (void)link;
  memcpy(copy, packet, packet_bytes);
  corrupt(copy, packet_bytes);
  if (packet_bytes != size || memcmp(copy, pool_packet(done), size) != 0) {
    printf("{\"error\":\"wrong bytes: packet %ld of %ld, length %zu\"}\n", done, packets, packet_bytes);
    fflush(stdout);
    /* Keep the port: otherwise, the host would report its loss first. */
    for (;;) {
      pause();
    }
  }
  if (done == 0) {
    started = now_us();
  }
  if (++done == packets) {
    report_run();
  }
  return true;
}

static bool refuse(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  (void)link;
  (void)packet;
  (void)packet_bytes;
  FAIL("wrong bytes: the flooding device received a packet");
}

static void flood(void) {
  while (done < packets && host.waiting < LINK_SEND_WINDOW) {
    uint8_t copy[LINK_MAX_PACKET_BYTES];
    memcpy(copy, pool_packet(done), size);
    corrupt(copy, size);
    if (!link_send(&host, copy, size)) {
      break;
    }
    done++;
  }
  if (packets > 0 && done == packets && host.waiting == 0) {
    report_run();
  }
}

static size_t take_all(uint8_t *chunk) {
  size_t count = 0;
  int16_t byte;
  while (count < CHUNK_BYTES && (byte = link_take(&host)) >= 0) {
    chunk[count++] = (uint8_t)byte;
  }
  return count;
}

/* Passes on what the port and stdin have. What is to be sent is written together. */
static void serve(int port, bool floods) {
  static uint8_t chunk[CHUNK_BYTES];
  struct pollfd inputs[] = {{.fd = port, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  for (;;) {
    poll(inputs, 2, POLL_MS);
    if (inputs[1].revents != 0) {
      read_command();
    }
    if (inputs[0].revents != 0) {
      size_t count = read_some(port, chunk, CHUNK_BYTES);
      for (size_t index = 0; index < count; index++) {
        link_push(&host, chunk[index]);
      }
    }
    link_poll(&host, (uint16_t)(now_us() / 1e3));
    if (floods) {
      flood();
    }
    size_t count = take_all(chunk);
    write_all(port, chunk, count);
  }
}

int main(int argc, char **argv) {
  die_with_parent();
  const char *mode = argc > 1 ? argv[1] : "";
  static link_callbacks_t callbacks;
  for (int index = 2; index + 1 < argc; index += 2) {
    long value = atol(argv[index + 1]);
    if (strcmp(argv[index], "--size") == 0) {
      size = (size_t)value;
    } else if (strcmp(argv[index], "--corrupt") == 0) {
      corrupt_in = value;
    } else {
      FAIL("link_device: unknown option");
    }
  }
  if (size < 1 || size > LINK_MAX_PACKET_BYTES) {
    FAIL("link_device: --size must be 1 to %d", LINK_MAX_PACKET_BYTES);
  }
  pool = packet_pool(size);
  bool floods = strcmp(mode, "flood") == 0;
  if (strcmp(mode, "echo") == 0) {
    callbacks.receive = echo;
  } else if (strcmp(mode, "sink") == 0) {
    callbacks.receive = sink;
  } else if (floods) {
    callbacks.receive = refuse;
  } else {
    FAIL("link_device: unknown mode; expected echo, flood or sink");
  }
  link_init(&host, &callbacks);
  int port = open_port();
  printf("{\"paths\":[\"%s\"]}\n", ptsname(port));
  fflush(stdout);
  serve(port, floods);
}
