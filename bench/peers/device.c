/*
 * The simulated devices: each port is a pseudo-terminal.
 *
 *   device echo [options]     sends back each byte
 *   device flood [options]    for each line "run N" on stdin, sends N packets as fast as the port accepts them
 *   device sink [options]     for each line "run N" on stdin, receives N packets, checks every byte, and reports the time
 *   device stall [options]    reads nothing
 *
 *   --size BYTES     packet size of flood and sink (64)
 *   --ports N        number of ports of echo and stall (1)
 *   --corrupt BYTE   change one byte of the stream, the first possible one from this position on (never)
 *
 * Prints one line of JSON with the paths of the ports, then one for each line on stdin.
 */
#include "common.h"

#include <poll.h>
#include <sys/epoll.h>

#include "cobs.h"
#include "port.h"

enum { CHUNK_BYTES = 65536, MAX_PORTS = 4096 };

static int masters[MAX_PORTS];

static void pass_back(int fd, uint8_t *chunk) {
  size_t count = read_some(fd, chunk, CHUNK_BYTES);
  corrupt(chunk, count);
  write_all(fd, chunk, count);
}

static void echo(int ports) {
  static uint8_t chunk[CHUNK_BYTES];
  while (ports == 1) {
    pass_back(masters[0], chunk);
  }
  int poller = epoll_create1(EPOLL_CLOEXEC);
  for (int port = 0; port < ports; port++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = masters[port]};
    epoll_ctl(poller, EPOLL_CTL_ADD, masters[port], &event);
  }
  for (;;) {
    static struct epoll_event events[256];
    int ready = epoll_wait(poller, events, 256, -1);
    for (int index = 0; index < ready; index++) {
      pass_back(events[index].data.fd, chunk);
    }
  }
}

/* Returns N from the next line "run N" on stdin. Exits at the end of stdin. */
static long next_count(void) {
  long count;
  if (scanf(" run %ld", &count) != 1) {
    exit(0);
  }
  return count;
}

static void flood(size_t size) {
  uint8_t *pool = packet_pool(size);
  size_t frame_room = cobs_max_encoded(size) + 1;
  uint8_t *stream = allocate(POOL_PACKETS * frame_room);
  size_t ends[POOL_PACKETS + 1];
  ends[0] = 0;
  for (size_t index = 0; index < POOL_PACKETS; index++) {
    size_t end = ends[index] + cobs_encode(pool + index * size, size, stream + ends[index]);
    stream[end] = 0;
    ends[index + 1] = end + 1;
  }
  uint8_t *copy = allocate(ends[POOL_PACKETS]);
  for (;;) {
    long left = next_count();
    double started = now_us();
    long packets = left;
    while (left > 0) {
      size_t bytes = ends[left < POOL_PACKETS ? left : POOL_PACKETS];
      const uint8_t *source = stream;
      if (corrupt_in >= 0) {
        memcpy(copy, stream, bytes);
        corrupt(copy, bytes);
        source = copy;
      }
      write_all(masters[0], source, bytes);
      left -= POOL_PACKETS;
    }
    printf("{\"packets\":%ld,\"seconds\":%.6f}\n", packets, (now_us() - started) / 1e6);
    fflush(stdout);
  }
}

static void sink(size_t size) {
  uint8_t *pool = packet_pool(size);
  static struct frame_reader reader;
  frame_reader_init(&reader, masters[0]);
  uint8_t *packet = allocate(sizeof reader.buffer);
  for (;;) {
    long packets = next_count();
    double started = 0;
    for (long index = 0; index < packets; index++) {
      const uint8_t *frame;
      size_t length = next_frame(&reader, &frame);
      if (index == 0) {
        started = now_us();
      }
      if (corrupt_in >= 0) {
        corrupt((uint8_t *)frame, length);
      }
      ptrdiff_t bytes = cobs_decode(frame, length, packet);
      if (bytes != (ptrdiff_t)size || memcmp(packet, pool + (size_t)(index % POOL_PACKETS) * size, size) != 0) {
        printf("{\"error\":\"wrong bytes: packet %ld of %ld, decoded length %td\"}\n", index, packets, bytes);
        fflush(stdout);
        /* Keep the port: otherwise, the host would report its loss first. */
        for (;;) {
          pause();
        }
      }
    }
    printf("{\"packets\":%ld,\"seconds\":%.6f}\n", packets, (now_us() - started) / 1e6);
    fflush(stdout);
  }
}

int main(int argc, char **argv) {
  die_with_parent();
  const char *mode = argc > 1 ? argv[1] : "";
  size_t size = 64;
  int ports = 1;
  for (int index = 2; index + 1 < argc; index += 2) {
    long value = atol(argv[index + 1]);
    if (strcmp(argv[index], "--size") == 0) {
      size = (size_t)value;
    } else if (strcmp(argv[index], "--ports") == 0) {
      ports = (int)value;
    } else if (strcmp(argv[index], "--corrupt") == 0) {
      corrupt_in = value;
    } else {
      FAIL("device: unknown option");
    }
  }
  if (ports < 1 || ports > MAX_PORTS) {
    FAIL("device: --ports must be 1 to %d", MAX_PORTS);
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  printf("{\"paths\":[");
  for (int port = 0; port < ports; port++) {
    masters[port] = open_port();
    printf("%s\"%s\"", port == 0 ? "" : ",", ptsname(masters[port]));
  }
  printf("]}\n");
  fflush(stdout);
  if (strcmp(mode, "echo") == 0) {
    echo(ports);
  } else if (strcmp(mode, "flood") == 0) {
    flood(size);
  } else if (strcmp(mode, "sink") == 0) {
    sink(size);
  } else if (strcmp(mode, "stall") == 0) {
    next_count();
  } else {
    FAIL("device: unknown mode; expected echo, flood, sink or stall");
  }
}
