/*
 * The host in C, with blocking reads and writes: the peer of the library.
 *
 *   host PATH echo SIZE GAP_MS      for each line "run N" on stdin, sends N packets, each GAP_MS after the previous echo
 *   host PATH receive SIZE 0        for each line "run N" on stdin, receives N packets
 *   host PATH send SIZE 0           for each line "run N" on stdin, sends N packets as fast as the port accepts them
 *
 * Checks every byte. Prints a line of JSON when it is ready, one when it has read N, and one for each result.
 */
#include "common.h"

#include <fcntl.h>
#include <math.h>
#include <termios.h>

#include "cobs.h"

static struct frame_reader reader;
static uint8_t *pool, *frame_out, *packet_in;
static size_t size;
static long gap_ms;

static void expect_packet(long index, long count) {
  const uint8_t *frame;
  size_t length = next_frame(&reader, &frame);
  ptrdiff_t bytes = cobs_decode(frame, length, packet_in);
  if (bytes != (ptrdiff_t)size || memcmp(packet_in, pool + (size_t)(index % POOL_PACKETS) * size, size) != 0) {
    FAIL("wrong bytes: packet %ld of %ld, decoded length %td", index, count, bytes);
  }
}

static int compare(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return (difference > 0) - (difference < 0);
}

/* As in support/stats.mjs. */
static double percentile(const double *sorted, long count, double quantile) {
  long index = (long)ceil((double)count * quantile) - 1;
  return sorted[index < 0 ? 0 : index];
}

static void echo(long count) {
  double *samples = allocate((size_t)count * sizeof *samples);
  double cpu = cpu_us();
  for (long index = 0; index < count; index++) {
    double started = now_us();
    size_t length = cobs_encode(pool + (size_t)(index % POOL_PACKETS) * size, size, frame_out);
    frame_out[length] = 0;
    write_all(reader.fd, frame_out, length + 1);
    expect_packet(index, count);
    samples[index] = now_us() - started;
    if (gap_ms > 0) {
      usleep((useconds_t)gap_ms * 1000);
    }
  }
  cpu = cpu_us() - cpu;
  qsort(samples, (size_t)count, sizeof *samples, compare);
  printf("{\"p50\":%.2f,\"p99\":%.2f,\"cpuUs\":%.0f}\n", percentile(samples, count, 0.5),
         percentile(samples, count, 0.99), cpu);
  free(samples);
}

static void receive(long count) {
  double started = 0;
  double cpu = cpu_us();
  for (long index = 0; index < count; index++) {
    expect_packet(index, count);
    if (index == 0) {
      started = now_us();
    }
  }
  printf("{\"packets\":%ld,\"seconds\":%.6f,\"cpuUs\":%.0f}\n", count - 1, (now_us() - started) / 1e6, cpu_us() - cpu);
}

static void send_all(long count) {
  enum { WRITE_BYTES = 65536 };
  size_t frame_room = cobs_max_encoded(size) + 1;
  uint8_t *buffer = allocate(WRITE_BYTES + frame_room);
  double cpu = cpu_us();
  size_t end = 0;
  for (long index = 0; index < count; index++) {
    end += cobs_encode(pool + (size_t)(index % POOL_PACKETS) * size, size, buffer + end);
    buffer[end++] = 0;
    if (end + frame_room > WRITE_BYTES || index == count - 1) {
      write_all(reader.fd, buffer, end);
      end = 0;
    }
  }
  printf("{\"cpuUs\":%.0f}\n", cpu_us() - cpu);
  free(buffer);
}

int main(int argc, char **argv) {
  die_with_parent();
  if (argc != 5) {
    FAIL("usage: host PATH echo|receive|send SIZE GAP_MS");
  }
  size = (size_t)atol(argv[3]);
  gap_ms = atol(argv[4]);
  int fd = open(argv[1], O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios settings;
  if (fd < 0 || tcgetattr(fd, &settings) != 0) {
    FAIL("%s: %s", argv[1], strerror(errno));
  }
  cfmakeraw(&settings);
  cfsetspeed(&settings, B115200);
  tcsetattr(fd, TCSANOW, &settings);
  frame_reader_init(&reader, fd);
  pool = packet_pool(size);
  frame_out = allocate(cobs_max_encoded(size) + 1);
  packet_in = allocate(sizeof reader.buffer);
  printf("{\"ready\":true}\n");
  fflush(stdout);
  long count;
  while (scanf(" run %ld", &count) == 1) {
    printf("{\"armed\":true}\n");
    fflush(stdout);
    if (strcmp(argv[2], "echo") == 0) {
      echo(count);
    } else if (strcmp(argv[2], "send") == 0) {
      send_all(count);
    } else {
      receive(count);
    }
    fflush(stdout);
  }
}
