/*
 * `sercom monitor` in C: reads a port with blocking reads, decodes its frames, and writes one line for each packet.
 *
 *   monitor PATH json|log COUNT     writes COUNT lines to stdout and ends; lines are written before each wait for input
 *
 * The lines are those of `sercom monitor PATH --json` and of `--log`.
 */
#include "common.h"

#include <fcntl.h>
#include <termios.h>

#include "cobs.h"

enum { OUTPUT_BYTES = 65536 };

static struct frame_reader reader;
static uint8_t packet[sizeof reader.buffer];
static char output[OUTPUT_BYTES];
static size_t output_end;

static void flush(void) {
  write_all(STDOUT_FILENO, (const uint8_t *)output, output_end);
  output_end = 0;
}

static void put(const char *text, size_t length) {
  memcpy(output + output_end, text, length);
  output_end += length;
}

static void put_text(const char *text) { put(text, strlen(text)); }

static void put_hex(const uint8_t *bytes, size_t count) {
  static const char digits[] = "0123456789abcdef";
  char *to = output + output_end;
  for (size_t index = 0; index < count; index++) {
    *to++ = digits[bytes[index] >> 4];
    *to++ = digits[bytes[index] & 15];
  }
  output_end += 2 * count;
}

static void put_micros(long nanoseconds) {
  char digits[6];
  long micros = nanoseconds / 1000;
  for (int index = 5; index >= 0; index--) {
    digits[index] = (char)('0' + micros % 10);
    micros /= 10;
  }
  put(digits, sizeof digits);
}

static void json_line(const char *path, size_t length) {
  static time_t last_second = -1;
  static char second[sizeof "{\"ts\":\"2000-01-01T00:00:00."];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec != last_second) {
    struct tm parts;
    last_second = now.tv_sec;
    strftime(second, sizeof second, "{\"ts\":\"%Y-%m-%dT%H:%M:%S.", gmtime_r(&now.tv_sec, &parts));
  }
  char middle[32];
  put(second, sizeof second - 1);
  put_micros(now.tv_nsec);
  put_text("Z\",\"name\":\"");
  put_text(path);
  put(middle, (size_t)sprintf(middle, "\",\"dir\":\"rx\",\"length\":%zu", length));
  put_text(",\"hex\":\"");
  put_hex(packet, length);
  put_text("\"}\n");
}

static void log_line(const char *path, size_t length) {
  struct timespec now;
  char second[24];
  clock_gettime(CLOCK_REALTIME, &now);
  put(second, (size_t)sprintf(second, "(%lld.", (long long)now.tv_sec));
  put_micros(now.tv_nsec);
  put_text(") ");
  put_text(path);
  put_text(" rx#");
  put_hex(packet, length);
  put_text("\n");
}

int main(int argc, char **argv) {
  die_with_parent();
  if (argc != 4) {
    FAIL("monitor: PATH, json or log, COUNT");
  }
  const char *path = argv[1];
  void (*line)(const char *, size_t) = strcmp(argv[2], "json") == 0 ? json_line : log_line;
  int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios settings;
  if (fd < 0 || tcgetattr(fd, &settings) != 0) {
    FAIL("%s: %s", path, strerror(errno));
  }
  cfmakeraw(&settings);
  cfsetspeed(&settings, B115200);
  tcsetattr(fd, TCSANOW, &settings);
  frame_reader_init(&reader, fd);
  for (long left = atol(argv[3]); left > 0; left--) {
    if (memchr(reader.buffer + reader.scanned, 0, reader.end - reader.scanned) == NULL) {
      flush();
    }
    const uint8_t *frame;
    size_t bytes = next_frame(&reader, &frame);
    ptrdiff_t length = cobs_decode(frame, bytes, packet);
    if (length < 0) {
      FAIL("wrong bytes: a malformed frame");
    }
    if (output_end + 2 * (size_t)length + 512 > sizeof output) {
      flush();
    }
    line(path, (size_t)length);
  }
  flush();
  return 0;
}
