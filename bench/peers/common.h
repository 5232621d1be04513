/* Shared by the C programs: packets of known content, time, and the protocol with the benchmark. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

/* Number of different packets in a stream. It is prime, so that a lost packet shifts all that follow. */
#define POOL_PACKETS 251

/* Seed of the packets; one byte in POOL_ZEROS is a zero. support/packets.mjs has the same constants. */
#define POOL_SEED 2463534242u
#define POOL_ZEROS 256

/* Fills memory with pseudo-random bytes, on average one zero in `zeros`. support/packets.mjs generates the same bytes. */
static inline void fill_random(uint8_t *bytes, size_t count, uint32_t seed, uint32_t zeros) {
  uint32_t state = seed;
  for (size_t index = 0; index < count; index++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes[index] = (state >> 8) % zeros == 0 ? 0 : (uint8_t)(1 + (state & 0xff) % 255);
  }
}

static inline void *allocate(size_t bytes) {
  void *memory = malloc(bytes);
  if (memory == NULL) {
    perror("malloc");
    exit(1);
  }
  return memory;
}

/* Returns the packets that all streams of this packet size consist of, contiguously. */
static inline uint8_t *packet_pool(size_t size) {
  uint8_t *pool = allocate(POOL_PACKETS * size);
  fill_random(pool, POOL_PACKETS * size, POOL_SEED, POOL_ZEROS);
  return pool;
}

static inline double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static inline double cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Ends the program with an error that the benchmark prints. The text must not need escapes in JSON. */
#define FAIL(...)                 \
  do {                            \
    printf("{\"error\":\"");      \
    printf(__VA_ARGS__);          \
    printf("\"}\n");              \
    fflush(stdout);               \
    exit(1);                      \
  } while (0)

/* Ends the program when the benchmark is killed. */
static inline void die_with_parent(void) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == 1) {
    exit(1);
  }
#endif
}

/* Writes all bytes, even if the system accepts only some at a time. */
static inline void write_all(int fd, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(fd, bytes, count);
    if (written < 0 && errno != EINTR) {
      FAIL("write: %s", strerror(errno));
    }
    if (written > 0) {
      bytes += written;
      count -= (size_t)written;
    }
  }
}

/* Reads at least one byte, or ends the program. */
static inline size_t read_some(int fd, uint8_t *bytes, size_t room) {
  for (;;) {
    ssize_t count = read(fd, bytes, room);
    if (count > 0) {
      return (size_t)count;
    }
    if (count == 0 || errno != EINTR) {
      FAIL("read: %s", count == 0 ? "end of file" : strerror(errno));
    }
  }
}

/* Splits a byte stream into frames, whatever the sizes of the reads. */
struct frame_reader {
  int fd;
  size_t start, scanned, end;
  uint8_t buffer[262144];
};

static inline void frame_reader_init(struct frame_reader *reader, int fd) {
  reader->fd = fd;
  reader->start = reader->scanned = reader->end = 0;
}

/* Waits for the next frame that is not empty. Returns its length; `frame` is valid until the next call. */
static inline size_t next_frame(struct frame_reader *reader, const uint8_t **frame) {
  for (;;) {
    uint8_t *zero = memchr(reader->buffer + reader->scanned, 0, reader->end - reader->scanned);
    if (zero != NULL) {
      size_t at = (size_t)(zero - reader->buffer);
      size_t length = at - reader->start;
      *frame = reader->buffer + reader->start;
      reader->start = reader->scanned = at + 1;
      if (length > 0) {
        return length;
      }
      continue;
    }
    size_t kept = reader->end - reader->start;
    memmove(reader->buffer, reader->buffer + reader->start, kept);
    reader->start = 0;
    reader->scanned = kept;
    if (kept == sizeof reader->buffer) {
      FAIL("a frame is longer than %zu bytes", kept);
    }
    reader->end = kept + read_some(reader->fd, reader->buffer + kept, sizeof reader->buffer - kept);
  }
}

#endif
