/*
 * Echoes each packet that arrives on Serial. Packets travel as COBS frames, each ended by a zero byte. See README.md.
 */
#include <SerialPackets.h>

#ifdef __AVR__
#include <avr/interrupt.h>
#include <avr/sleep.h>
#endif

#ifndef BAUD_RATE
#define BAUD_RATE 115200
#endif

/* Maximum packet size in bytes. A larger packet is dropped whole. */
#ifndef MAX_PACKET_BYTES
#define MAX_PACKET_BYTES 512
#endif

/*
 * An echo can be sent only when its packet is complete. From then on, bytes leave as fast as they arrive. So the queue
 * must hold the largest frame, and the up to 64 bytes that Serial buffered in that time. The other 64 bytes let the queue
 * move its contents less often.
 */
#define QUEUE_BYTES (COBS_MAX_FRAME_BYTES(MAX_PACKET_BYTES) + 1 + 64 + 64)

static SerialPackets<MAX_PACKET_BYTES, SendQueue<QUEUE_BYTES>> packets(Serial);

void setup() {
  packets.onPacket([](const uint8_t *packet, size_t packetBytes) { return packets.send(packet, packetBytes); });
#ifdef __AVR__
  set_sleep_mode(SLEEP_MODE_IDLE);
#endif
  Serial.begin(BAUD_RATE);
}

void loop() {
  packets.update();
#ifdef __AVR__
  /*
   * A byte that arrives between the check and the sleep must not be missed. Interrupts are off during the check, and the
   * instruction after sei() runs before any pending interrupt, which then ends the sleep at once.
   */
  cli();
  if (packets.isIdle()) {
    sleep_enable();
    sei();
    sleep_cpu();
    sleep_disable();
  }
  sei();
#endif
}
