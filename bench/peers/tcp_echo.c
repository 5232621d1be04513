/*
 * A device behind a network port: sends back each byte, to one client at a time.
 *
 *   tcp_echo echo [--size BYTES] [--corrupt BYTE]
 *
 * Prints one line of JSON with the path of the port.
 */
#include "common.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "port.h"

enum { CHUNK_BYTES = 65536 };

int main(int argc, char **argv) {
  die_with_parent();
  for (int index = 2; index + 1 < argc; index += 2) {
    if (strcmp(argv[index], "--corrupt") == 0) {
      corrupt_in = atol(argv[index + 1]);
    }
  }
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
    FAIL("tcp_echo: %s", strerror(errno));
  }
  printf("{\"paths\":[\"tcp://127.0.0.1:%d\"]}\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    static uint8_t chunk[CHUNK_BYTES];
    int client = accept(listener, NULL, NULL);
    int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (;;) {
      ssize_t count = read(client, chunk, sizeof chunk);
      if (count <= 0) {
        break;
      }
      corrupt(chunk, (size_t)count);
      write_all(client, chunk, (size_t)count);
    }
    close(client);
  }
}
