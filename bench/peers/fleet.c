/*
 * A fleet of devices that send packets by themselves: each port is a pseudo-terminal.
 *
 *   fleet send --ports N [--size BYTES] [--corrupt BYTE]
 *
 * For each line on stdin, sends packets on all ports, and prints one line of JSON:
 *
 *   flood N      N packets on each port, as fast as it accepts them
 *   pace N US    N packets on each port, one after US microseconds, on the ports in turns
 *
 * A packet holds its number on this port (4 bytes), the time at which it was encoded (8 bytes: a double, µs of the
 * monotonic clock), and then bytes of the packet pool. Numbers are little-endian.
 */
#include "common.h"

#include <sys/epoll.h>

#include "cobs.h"
#include "port.h"

enum { MAX_PORTS = 4096, MAX_PACKET = 1024, HEAD_BYTES = 12, CHUNK_BYTES = 4096 };

struct port {
  int master;
  uint32_t next; /* the number of the next packet */
  long left;     /* packets of this flood that are not encoded yet */
  size_t start, end;
  uint8_t chunk[CHUNK_BYTES + 2 * MAX_PACKET];
};

static struct port *ports;
static int port_count = 1;
static size_t packet_bytes = 64;
static uint8_t *pool;

static size_t encode_next(struct port *port, uint8_t *frame) {
  uint8_t packet[MAX_PACKET];
  double time = now_us();
  memcpy(packet, pool + (port->next % POOL_PACKETS) * packet_bytes, packet_bytes);
  memcpy(packet, &port->next, 4);
  memcpy(packet + 4, &time, 8);
  /* A changed time would not be noticed. */
  corrupt(packet + HEAD_BYTES, packet_bytes - HEAD_BYTES);
  port->next++;
  size_t bytes = cobs_encode(packet, packet_bytes, frame);
  frame[bytes] = 0;
  return bytes + 1;
}

/* Writes what the port accepts. Returns whether all packets of the flood have been written. */
static int write_on(struct port *port) {
  for (;;) {
    if (port->start == port->end) {
      port->start = port->end = 0;
      while (port->left > 0 && port->end < CHUNK_BYTES) {
        port->end += encode_next(port, port->chunk + port->end);
        port->left--;
      }
      if (port->end == 0) {
        return 1;
      }
    }
    ssize_t written = write(port->master, port->chunk + port->start, port->end - port->start);
    if (written < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        return 0;
      }
      FAIL("write: %s", strerror(errno));
    }
    port->start += (size_t)written;
  }
}

static void flood(int poller, long packets) {
  int busy = 0;
  for (int index = 0; index < port_count; index++) {
    ports[index].left = packets;
    if (!write_on(&ports[index])) {
      struct epoll_event event = {.events = EPOLLOUT, .data.ptr = &ports[index]};
      epoll_ctl(poller, EPOLL_CTL_ADD, ports[index].master, &event);
      busy++;
    }
  }
  while (busy > 0) {
    static struct epoll_event events[256];
    int ready = epoll_wait(poller, events, 256, -1);
    for (int index = 0; index < ready; index++) {
      struct port *port = events[index].data.ptr;
      if (write_on(port)) {
        epoll_ctl(poller, EPOLL_CTL_DEL, port->master, NULL);
        busy--;
      }
    }
  }
}

static void pace(long packets, double gap_us) {
  double due = now_us();
  for (long index = 0; index < packets * port_count; index++) {
    due += gap_us;
    struct timespec until = {.tv_sec = (time_t)(due / 1e6), .tv_nsec = (long)(1e3 * (due - 1e6 * (time_t)(due / 1e6)))};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) {
      /* A signal. */
    }
    struct port *port = &ports[index % port_count];
    port->left = 1;
    while (!write_on(port)) {
      usleep(50);
    }
  }
}

int main(int argc, char **argv) {
  die_with_parent();
  for (int index = 2; index + 1 < argc; index += 2) {
    long value = atol(argv[index + 1]);
    if (strcmp(argv[index], "--size") == 0) {
      packet_bytes = (size_t)value;
    } else if (strcmp(argv[index], "--ports") == 0) {
      port_count = (int)value;
    } else if (strcmp(argv[index], "--corrupt") == 0) {
      corrupt_in = value;
    } else {
      FAIL("fleet: unknown option");
    }
  }
  if (port_count < 1 || port_count > MAX_PORTS || packet_bytes < HEAD_BYTES || packet_bytes > MAX_PACKET) {
    FAIL("fleet: --ports must be 1 to %d, --size %d to %d", MAX_PORTS, HEAD_BYTES, MAX_PACKET);
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  pool = packet_pool(packet_bytes);
  ports = calloc((size_t)port_count, sizeof *ports);
  printf("{\"paths\":[");
  for (int index = 0; index < port_count; index++) {
    ports[index].master = open_port();
    fcntl(ports[index].master, F_SETFL, O_NONBLOCK);
    printf("%s\"%s\"", index == 0 ? "" : ",", ptsname(ports[index].master));
  }
  printf("]}\n");
  fflush(stdout);
  int poller = epoll_create1(EPOLL_CLOEXEC);
  char command[16];
  while (scanf("%15s", command) == 1) {
    long packets;
    double gap_us;
    double started = now_us();
    if (strcmp(command, "flood") == 0 && scanf("%ld", &packets) == 1) {
      flood(poller, packets);
    } else if (strcmp(command, "pace") == 0 && scanf("%ld %lf", &packets, &gap_us) == 2) {
      pace(packets, gap_us);
    } else {
      FAIL("fleet: unknown command");
    }
    printf("{\"packets\":%ld,\"seconds\":%.6f}\n", packets * port_count, (now_us() - started) / 1e6);
    fflush(stdout);
  }
}
