/*
 * A device with acknowledged delivery on a pseudo-terminal: link.c, compiled for this machine. It echoes packets and
 * datagrams. Prints the path of its port, then one line for each event; reads one command per line from stdin, and prints
 * "done" after each:
 *
 * send HEX        send a packet, as soon as there is room
 * datagram HEX    send a datagram
 * echo on|off     echo what arrives, or only print it
 * busy on|off     take no packets, and print "refused" for the first one; or take them again
 * mute on|off     discard what is received and what is to be sent
 * lose N          discard the next N frames that are received
 * reset           restart: all memory is lost
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "link.h"

#define MAX_LINE (2 * LINK_MAX_PACKET_BYTES + 32)

static link_t host;
static bool echoes = true;
static bool is_busy;
static bool has_refused;
static bool is_mute;
static unsigned frames_to_lose;
static uint8_t datagram[LINK_MAX_PACKET_BYTES];
static uint8_t waiting[LINK_MAX_PACKET_BYTES];
static size_t waiting_bytes;
static bool is_waiting;

static void print_packet(const char *kind, const uint8_t *packet, size_t bytes) {
  printf("%s ", kind);
  for (size_t i = 0; i < bytes; i++) printf("%02x", packet[i]);
  printf("\n");
  fflush(stdout);
}

static bool send_datagram(link_t *link, const uint8_t *packet, size_t bytes) {
  if (link->datagram != NULL) return false;
  memcpy(datagram, packet, bytes);
  return link_send_datagram(link, datagram, bytes);
}

static bool receive(link_t *link, const uint8_t *packet, size_t bytes) {
  if (is_busy) {
    if (!has_refused) printf("refused\n");
    has_refused = true;
    fflush(stdout);
    return false;
  }
  if (echoes && !link_send(link, packet, bytes)) return false;
  print_packet("packet", packet, bytes);
  return true;
}

static bool receive_datagram(link_t *link, const uint8_t *packet, size_t bytes) {
  if (echoes && !send_datagram(link, packet, bytes)) return false;
  print_packet("datagram", packet, bytes);
  return true;
}

static void session(link_t *link, uint8_t lost) {
  (void)link;
  printf("session %u\n", lost);
  fflush(stdout);
}

static const link_callbacks_t callbacks = {receive, receive_datagram, session, NULL};

static size_t from_hex(const char *hex, uint8_t *bytes) {
  size_t count = 0;
  unsigned byte;
  while (count < LINK_MAX_PACKET_BYTES && sscanf(hex + 2 * count, "%2x", &byte) == 1) bytes[count++] = (uint8_t)byte;
  return count;
}

static void command(const char *line) {
  const char *argument = strchr(line, ' ') == NULL ? "" : strchr(line, ' ') + 1;
  bool is_on = strcmp(argument, "on") == 0;
  if (strncmp(line, "send ", 5) == 0) {
    waiting_bytes = from_hex(argument, waiting);
    is_waiting = true;
  } else if (strncmp(line, "datagram ", 9) == 0) {
    uint8_t bytes[LINK_MAX_PACKET_BYTES];
    send_datagram(&host, bytes, from_hex(argument, bytes));
  } else if (strncmp(line, "echo ", 5) == 0) {
    echoes = is_on;
  } else if (strncmp(line, "busy ", 5) == 0) {
    is_busy = is_on;
    has_refused = false;
  } else if (strncmp(line, "mute ", 5) == 0) {
    is_mute = is_on;
  } else if (strncmp(line, "lose ", 5) == 0) {
    frames_to_lose = (unsigned)atoi(argument);
  } else if (strcmp(line, "reset") == 0) {
    link_init(&host, &callbacks);
  }
}

static void read_commands(void) {
  static char line[MAX_LINE];
  static size_t length;
  char buffer[256];
  ssize_t count = read(0, buffer, sizeof buffer);
  if (count <= 0) exit(0);
  for (ssize_t i = 0; i < count; i++) {
    if (buffer[i] != '\n') {
      if (length < MAX_LINE - 1) line[length++] = buffer[i];
      continue;
    }
    line[length] = '\0';
    length = 0;
    command(line);
    printf("done\n");
    fflush(stdout);
  }
}

static void read_port(int port) {
  static bool is_in_frame;
  uint8_t buffer[256];
  ssize_t count = read(port, buffer, sizeof buffer);
  for (ssize_t i = 0; i < count; i++) {
    bool is_lost = is_mute || frames_to_lose > 0;
    if (!is_lost) link_push(&host, buffer[i]);
    if (buffer[i] == 0 && is_in_frame && frames_to_lose > 0) frames_to_lose--;
    is_in_frame = buffer[i] != 0;
  }
}

static void write_port(int port) {
  static uint8_t buffer[256];
  static size_t length;
  int16_t byte;
  while (length < sizeof buffer && (byte = link_take(&host)) >= 0) buffer[length++] = (uint8_t)byte;
  if (is_mute) length = 0;
  if (length == 0) return;
  ssize_t written = write(port, buffer, length);
  if (written <= 0) return;
  length -= (size_t)written;
  memmove(buffer, buffer + written, length);
}

int main(void) {
  int port = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (port < 0 || grantpt(port) != 0 || unlockpt(port) != 0) return 1;
  const char *path = ptsname(port);
  /* While this is open, the pseudo-terminal is not hung up between two programs that open it. */
  int other = open(path, O_RDWR | O_NOCTTY);
  struct termios settings;
  if (other < 0 || tcgetattr(other, &settings) != 0) return 1;
  cfmakeraw(&settings);
  tcsetattr(other, TCSANOW, &settings);
  link_init(&host, &callbacks);
  printf("%s\n", path);
  fflush(stdout);
  for (;;) {
    struct pollfd fds[] = {{0, POLLIN, 0}, {port, POLLIN, 0}};
    poll(fds, 2, 1);
    if (fds[0].revents != 0) read_commands();
    if (fds[1].revents != 0) read_port(port);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    link_poll(&host, (uint16_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000));
    if (is_waiting && link_send(&host, waiting, waiting_bytes)) is_waiting = false;
    write_port(port);
  }
}
