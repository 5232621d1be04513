/*
 * Measures the C codec in memory. For each line "encodeInto SIZE ZEROS MS" or "decode SIZE ZEROS MS" on stdin (one byte in
 * ZEROS is a zero), it runs for about MS milliseconds and prints a line of JSON with the nanoseconds of processor time per
 * packet. The packets are those of support/packets.mjs. Every result is checked before and after measuring. With the
 * argument `corrupt`, one byte of a frame is changed.
 */
#include "common.h"

#include "cobs.h"

/* Total size of the packets: more than a branch predictor learns, less than the cache holds. */
enum { WORKING_SET_BYTES = 131072 };

static uint8_t *packets, *frames, *out;
static size_t size, frame_room, count;
static size_t lengths[WORKING_SET_BYTES];

/* Not inlined, as in a program whose codec is in another file. */
static __attribute__((noinline)) size_t encode(const uint8_t *packet, size_t bytes, uint8_t *frame) {
  return cobs_encode(packet, bytes, frame);
}

static __attribute__((noinline)) ptrdiff_t decode(const uint8_t *frame, size_t bytes, uint8_t *packet) {
  return cobs_decode(frame, bytes, packet);
}

static void check(void) {
  for (size_t index = 0; index < count; index++) {
    ptrdiff_t bytes = cobs_decode(frames + index * frame_room, lengths[index], out);
    if (bytes != (ptrdiff_t)size || memcmp(out, packets + index * size, size) != 0) {
      FAIL("wrong bytes: packet %zu of %zu bytes", index, size);
    }
  }
}

static void run_all(int encoding) {
  for (size_t index = 0; index < count; index++) {
    if (encoding) {
      lengths[index] = encode(packets + index * size, size, frames + index * frame_room);
    } else {
      decode(frames + index * frame_room, lengths[index], out);
    }
  }
}

int main(int argc, char **argv) {
  die_with_parent();
  int corrupt = argc > 1 && strcmp(argv[1], "corrupt") == 0;
  char operation[16];
  long zeros, limit_ms;
  printf("{\"ready\":true}\n");
  fflush(stdout);
  while (scanf("%15s %zu %ld %ld", operation, &size, &zeros, &limit_ms) == 4) {
    count = size < WORKING_SET_BYTES ? WORKING_SET_BYTES / size : 1;
    frame_room = cobs_max_encoded(size);
    packets = allocate(count * size);
    frames = allocate(count * frame_room);
    out = allocate(frame_room);
    fill_random(packets, count * size, POOL_SEED, (uint32_t)zeros);
    run_all(1);
    frames[size / 2] ^= corrupt ? 0x40 : 0;
    check();
    int encoding = strcmp(operation, "encodeInto") == 0;
    long passes = 0;
    double cpu = cpu_us();
    double deadline = now_us() + (double)limit_ms * 1e3;
    do {
      run_all(encoding);
      passes++;
    } while (now_us() < deadline);
    cpu = cpu_us() - cpu;
    check();
    printf("{\"nsPerPacket\":%.3f}\n", cpu * 1e3 / ((double)passes * (double)count));
    fflush(stdout);
    free(packets);
    free(frames);
    free(out);
  }
}
