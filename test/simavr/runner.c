/*
 * Runs an Intel HEX image on a simulated ATmega328P at 16 MHz, with its UART connected to a pseudo-terminal.
 *
 *   cc -O2 -Wall -Wextra -I/usr/include/simavr -o runner runner.c -lsimavr
 *   ./runner uno.hex
 *
 * Needs libsimavr-dev (tested with simavr 1.6). Prints one line on stdout, `PTY /dev/pts/N`, and runs until stdin ends
 * or SIGTERM or SIGINT arrives; then exits with 0. Exits with 1, and prints the reason on stderr, if the image cannot
 * be loaded or the simulated CPU stops. simavr's own output goes to stderr.
 *
 * The CPU starts when the first byte arrives. A real Uno resets when its port is opened and sends nothing for a while;
 * starting late has the same effect: a host that empties its buffer after opening loses nothing the image sends.
 *
 * Simulated time follows real time. It may fall behind, and leads by less than a millisecond.
 *
 * simavr has its own coupling to a pty, uart_pty, but version 1.6 of it stalls forever if the image sends no reply to
 * the first 512 bytes (for example the frame of a 509-byte packet), and drops output when its 511-byte buffer is full.
 * This program loses no bytes in either direction: it stops the CPU while both the pty and its own buffer are full.
 *
 * Unlike a real board, simavr's UART holds up to 64 received bytes until the image reads them, so the UART itself never
 * loses one. Each byte takes 11 bit times in either direction.
 */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <avr_uart.h>
#include <sim_avr.h>
#include <sim_hex.h>

#define FREQUENCY_HZ 16000000
#define NS_PER_SECOND 1000000000LL
#define NS_PER_1000_CYCLES (1000 * NS_PER_SECOND / FREQUENCY_HZ)

/* Sleep only if simulated time leads by more than this: shorter sleeps are not worth their overhead. */
#define MAX_LEAD_NS 200000LL
/* Do not catch up on a lag longer than this: it would only rush the image past the time-outs of its peer. */
#define MAX_LAG_NS 100000000LL
/* Interval at which the clock and the pty are checked: four times per millisecond. */
#define CYCLES_PER_CHECK 4000

static volatile sig_atomic_t stop_requested;

/* Real time that corresponds to cycle 0 of the simulated CPU. */
static int64_t start_ns;

/* The master side of the pty. */
static int pty = -1;

static avr_irq_t *uart_input;
static bool uart_has_room;

/* Buffers from pty to UART (`in`) and from UART to pty (`out`). The data is at `start` to `end` - 1. */
static struct {
  uint8_t bytes[1024];
  size_t start;
  size_t end;
} in, out;

static void request_stop(int signal_number) {
  (void)signal_number;
  stop_requested = 1;
}

static _Noreturn void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("runner: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Sleeps until the time is over, stdin ends or a signal arrives. Discards input from stdin. */
static void wait_ns(int64_t duration_ns) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  struct timespec duration = {.tv_sec = duration_ns / NS_PER_SECOND, .tv_nsec = duration_ns % NS_PER_SECOND};
  char discarded[256];
  if (ppoll(&input, 1, &duration, NULL) > 0 && read(STDIN_FILENO, discarded, sizeof discarded) <= 0) {
    stop_requested = 1;
  }
}

/* Waits until `cycle` is due. */
static void pace(avr_cycle_count_t cycle) {
  int64_t due_ns = start_ns + (int64_t)(cycle / 1000) * NS_PER_1000_CYCLES;
  int64_t lead_ns = due_ns - now_ns();
  if (lead_ns > MAX_LEAD_NS) {
    wait_ns(lead_ns);
  } else if (lead_ns < -MAX_LAG_NS) {
    start_ns -= lead_ns;
  }
}

/*
 * Called by simavr when the CPU sleeps, before it jumps to the next event. That event is usually due in 62 cycles, from
 * one of the timers that Arduino's init() starts, which is too soon to sleep for. main() waits when the time adds up.
 */
static void on_cpu_sleep(struct avr_t *avr, avr_cycle_count_t cycles) {
  (void)avr;
  (void)cycles;
}

static void feed_uart(void) {
  while (uart_has_room && in.start < in.end) {
    avr_raise_irq(uart_input, in.bytes[in.start++]);
  }
}

/* Called by the UART with 1 when its buffer is full, and with 0 when it no longer is. */
static void on_uart_full(struct avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  (void)param;
  uart_has_room = value == 0;
}

/* Called when the UART's buffer is empty. Refill it at once, so that there is no gap on the line. */
static void on_uart_empty(struct avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  (void)value;
  (void)param;
  uart_has_room = true;
  feed_uart();
}

/* The buffer cannot overflow, because main() runs the CPU only while it has room for a byte. */
static void on_uart_output(struct avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  (void)param;
  out.bytes[out.end++] = (uint8_t)value;
}

static void exchange_bytes(void) {
  if (in.start == in.end) {
    ssize_t count = read(pty, in.bytes, sizeof in.bytes);
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
      fail("reading from the pty: %s", strerror(errno));
    }
    in.start = 0;
    in.end = count > 0 ? (size_t)count : 0;
  }
  feed_uart();
  if (out.start < out.end) {
    ssize_t count = write(pty, out.bytes + out.start, out.end - out.start);
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
      fail("writing to the pty: %s", strerror(errno));
    }
    out.start += count > 0 ? (size_t)count : 0;
    memmove(out.bytes, out.bytes + out.start, out.end - out.start);
    out.end -= out.start;
    out.start = 0;
  }
}

/*
 * Opens a raw pty and returns the path of its slave. Keeps the slave open, so that it stays raw and the master stays
 * usable while no other process has it open.
 */
static const char *open_pty(void) {
  struct termios settings;
  pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty < 0 || grantpt(pty) != 0 || unlockpt(pty) != 0 || fcntl(pty, F_SETFL, O_NONBLOCK) != 0) {
    fail("opening a pty: %s", strerror(errno));
  }
  const char *path = ptsname(pty);
  int slave = path == NULL ? -1 : open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0 || tcgetattr(slave, &settings) != 0) {
    fail("opening the slave of a pty: %s", strerror(errno));
  }
  cfmakeraw(&settings);
  if (tcsetattr(slave, TCSANOW, &settings) != 0) {
    fail("making the pty raw: %s", strerror(errno));
  }
  return path;
}

static avr_irq_t *uart_irq(avr_t *avr, int index) {
  return avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), index);
}

static void connect_uart(avr_t *avr) {
  /* Clear the default flags: do not copy the output to the console, and do not sleep on each read of UCSR0A. */
  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  uart_input = uart_irq(avr, UART_IRQ_INPUT);
  avr_irq_register_notify(uart_irq(avr, UART_IRQ_OUTPUT), on_uart_output, NULL);
  avr_irq_register_notify(uart_irq(avr, UART_IRQ_OUT_XON), on_uart_empty, NULL);
  avr_irq_register_notify(uart_irq(avr, UART_IRQ_OUT_XOFF), on_uart_full, NULL);
}

static void load_image(avr_t *avr, const char *path) {
  ihex_chunk_p chunks = NULL;
  int count = read_ihex_chunks(path, &chunks);
  if (count <= 0) {
    fail("%s cannot be read, or is not an Intel HEX image", path);
  }
  for (int i = 0; i < count; i++) {
    if (chunks[i].baseaddr + chunks[i].size > avr->flashend + 1) {
      fail("%s does not fit into the flash of an ATmega328P", path);
    }
    avr_loadcode(avr, chunks[i].data, chunks[i].size, chunks[i].baseaddr);
  }
  free_ihex_chunks(chunks);
}

/* Redirects simavr's output from stdout to stderr. Returns a descriptor of the original stdout. */
static int take_stdout(void) {
  int report = dup(STDOUT_FILENO);
  if (report < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    fail("stdout: %s", strerror(errno));
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  return report;
}

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = request_stop};
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fail("expected one argument: the Intel HEX image to run");
  }
  int report = take_stdout();
  catch_signals();

  avr_t *avr = avr_make_mcu_by_name("atmega328p");
  if (avr == NULL || avr_init(avr) != 0) {
    fail("this version of simavr does not support the ATmega328P");
  }
  avr->frequency = FREQUENCY_HZ;
  avr->sleep = on_cpu_sleep;
  load_image(avr, argv[1]);
  connect_uart(avr);
  dprintf(report, "PTY %s\n", open_pty());
  close(report);

  while (!stop_requested && in.start == in.end) {
    wait_ns(1000000);
    exchange_bytes();
  }
  start_ns = now_ns();
  avr_cycle_count_t next_check = 0;
  int state = cpu_Running;
  while (!stop_requested && state != cpu_Done && state != cpu_Crashed) {
    if (out.end == sizeof out.bytes) {
      wait_ns(1000000);
      exchange_bytes();
      continue;
    }
    state = avr_run(avr);
    if (avr->cycle >= next_check) {
      next_check = avr->cycle + CYCLES_PER_CHECK;
      pace(avr->cycle);
      exchange_bytes();
    }
  }
  if (state == cpu_Crashed) {
    fail("the simulated CPU crashed");
  }
  if (state == cpu_Done) {
    fail("the simulated CPU went to sleep with interrupts off at address 0x%04x", (unsigned)avr->pc);
  }
  return 0;
}
