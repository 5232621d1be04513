/* A packet goes through the queue and the receiver. Succeeds if it comes out as it went in. */
#include <frame_queue.h>
#include <link.h>
#include <packet_receiver.h>
#include <string.h>

int main() {
  static const uint8_t packet[] = {1, 0, 2};
  static const link_callbacks_t callbacks = {};
  static link_t host;
  uint8_t received[sizeof packet];
  uint8_t bytes[16];
  packet_receiver_t receiver;
  frame_queue_t queue;

  link_init(&host, &callbacks);
  packet_receiver_init(&receiver, received, sizeof received);
  frame_queue_init(&queue, bytes, sizeof bytes);
  if (!frame_queue_add(&queue, packet, sizeof packet)) return 1;
  while (!frame_queue_is_empty(&queue)) packet_receiver_push(&receiver, frame_queue_take(&queue));
  return receiver.packets == 1 && memcmp(received, packet, sizeof packet) == 0 ? 0 : 1;
}
