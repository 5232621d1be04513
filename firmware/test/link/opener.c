#include "opener.h"

#include <string.h>

uint32_t opener_crc(uint32_t start, const uint8_t *bytes, size_t count) {
  uint32_t crc = start;
  for (size_t i = 0; i < count * 8; i++) {
    uint32_t bit = (uint32_t)(bytes[i / 8] >> (i % 8)) & 1;
    crc = (crc & 1) != bit ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

size_t opener_frame(const uint8_t *body, size_t body_bytes, uint32_t start, uint8_t *frame) {
  uint8_t all[OPENER_MAX_FRAME];
  uint32_t crc = opener_crc(start, body, body_bytes);
  memcpy(all, body, body_bytes);
  for (int i = 0; i < 4; i++) {
    all[body_bytes + (size_t)i] = (uint8_t)(crc >> (8 * i));
  }
  size_t count = body_bytes + 4;
  size_t to = 0;
  for (size_t from = 0;;) {
    size_t run = 0;
    while (run < 254 && from + run < count && all[from + run] != 0) {
      run++;
    }
    frame[to++] = (uint8_t)(run + 1);
    memcpy(frame + to, all + from, run);
    to += run;
    from += run;
    if (from == count) {
      break;
    }
    from += run < 254 ? 1 : 0;
  }
  frame[to++] = 0;
  return to;
}

long opener_decode(const uint8_t *frame, size_t frame_bytes, uint8_t *packet) {
  size_t to = 0;
  for (size_t from = 0; from < frame_bytes;) {
    size_t run = frame[from++] - 1u;
    if (from + run > frame_bytes) {
      return -1;
    }
    memcpy(packet + to, frame + from, run);
    to += run;
    from += run;
    if (run < 254 && from < frame_bytes) {
      packet[to++] = 0;
    }
  }
  return (long)to;
}

static uint32_t next_random(opener_t *opener) {
  opener->random = opener->random * 1664525u + 1013904223u;
  return opener->random >> 8 ^ opener->random << 16;
}

void opener_init(opener_t *opener, const opener_callbacks_t *callbacks, uint32_t seed, uint8_t window, long resend_ms) {
  memset(opener, 0, sizeof *opener);
  opener->callbacks = callbacks;
  opener->random = seed;
  opener->window = window;
  opener->resend_ms = resend_ms;
  opener->opened_at = -1000000;
}

static void write_frame(opener_t *opener, const uint8_t *body, size_t body_bytes, uint32_t start) {
  uint8_t frame[2 * OPENER_MAX_FRAME];
  size_t count = opener_frame(body, body_bytes, start, frame);
  opener->callbacks->write(opener->callbacks->context, frame, count);
}

static void open_session(opener_t *opener, long now_ms) {
  static const uint8_t delimiter = 0;
  uint8_t body[9] = {0xC1, 1};
  uint32_t number = next_random(opener) | 1;
  for (int i = 0; i < 4; i++) {
    opener->open_number[i] = body[2 + i] = (uint8_t)(number >> (24 - 8 * i));
  }
  body[6] = opener->window;
  body[7] = 0xFF;
  body[8] = 0xFF;
  opener->opened_at = now_ms;
  opener->callbacks->write(opener->callbacks->context, &delimiter, 1);
  write_frame(opener, body, sizeof body, 0xFFFFFFFFu);
}

static void end_session(opener_t *opener) {
  unsigned lost = (unsigned)(opener->out_end - opener->out_base);
  opener->in_session = false;
  opener->out_end = opener->out_base;
  for (int i = 0; i < OPENER_QUEUE; i++) {
    opener->in[i].filled = false;
  }
  opener->opened_at = -1000000;
  opener->callbacks->reset(opener->callbacks->context, lost);
}

static void write_session_frame(opener_t *opener, uint8_t first, const uint8_t *payload, size_t payload_bytes) {
  uint8_t body[OPENER_MAX_FRAME] = {0};
  size_t held_bytes = (opener->send_window + 7u) / 8u;
  body[0] = first;
  body[1] = (uint8_t)((opener->in_base & 63) | (opener->poll_due ? 0x80 : 0));
  for (unsigned i = 0; i < opener->send_window; i++) {
    if (opener->in[(opener->in_base + i) % OPENER_QUEUE].filled) {
      body[2 + i / 8] |= (uint8_t)(1 << i % 8);
    }
  }
  if (payload_bytes > 0) {
    memcpy(body + 2 + held_bytes, payload, payload_bytes);
  }
  opener->poll_due = false;
  opener->ack_due = false;
  write_frame(opener, body, 2 + held_bytes + payload_bytes, opener->key);
}

bool opener_send(opener_t *opener, const uint8_t *packet, size_t packet_bytes) {
  if (opener->out_end - opener->out_base == OPENER_QUEUE / 2) {
    return false;
  }
  opener_packet_t *slot = &opener->out[opener->out_end++ % OPENER_QUEUE];
  slot->count = packet_bytes;
  memcpy(slot->bytes, packet, packet_bytes);
  slot->sent = false;
  slot->held = false;
  return true;
}

bool opener_send_datagram(opener_t *opener, const uint8_t *packet, size_t packet_bytes) {
  if (!opener->in_session) {
    return false;
  }
  write_session_frame(opener, (uint8_t)(0x80 | (opener->next_datagram++ & 63)), packet, packet_bytes);
  return true;
}

static void receive_handshake(opener_t *opener, const uint8_t *body, size_t body_bytes, long now_ms) {
  if (body[0] == 0xC2 && body_bytes == 16 && body[1] == 1 && !opener->in_session &&
      memcmp(body + 2, opener->open_number, 4) == 0) {
    memcpy(opener->counter, body + 6, 4);
    opener->key = opener_crc(0xFFFFFFFFu, body + 2, 8);
    if (opener->key == 0xFFFFFFFFu) {
      opener->key = 0;
    }
    opener->receive_window = body[10];
    opener->send_window = body[11];
    opener->receive_bytes = (uint16_t)(body[12] << 8 | body[13]);
    opener->send_bytes = (uint16_t)(body[14] << 8 | body[15]);
    opener->in_session = true;
    opener->heard = false;
    opener->heard_at = now_ms;
    opener->poll_due = true;
    opener->in_base = 0;
    opener->next_datagram = opener->last_datagram = 0;
    /* The numbers of a session begin with 0. */
    uint64_t waiting = opener->out_end - opener->out_base;
    opener_packet_t kept[OPENER_QUEUE];
    for (uint64_t i = 0; i < waiting; i++) {
      kept[i] = opener->out[(opener->out_base + i) % OPENER_QUEUE];
    }
    memcpy(opener->out, kept, waiting * sizeof kept[0]);
    opener->out_base = 0;
    opener->out_end = waiting;
    opener->sessions++;
  }
  if (body[0] == 0xC3 && body_bytes == 6) {
    static const uint8_t none[4] = {0};
    if (!opener->in_session) {
      return;
    }
    if (memcmp(body + 2, none, 4) == 0 || memcmp(body + 2, opener->counter, 4) != 0) {
      end_session(opener);
    }
  }
}

static void receive_in_session(opener_t *opener, const uint8_t *body, size_t body_bytes, long now_ms) {
  size_t header = 2 + (opener->receive_window + 7u) / 8u;
  if (body_bytes < header) {
    opener->refused_frames++;
    return;
  }
  opener->heard = true;
  opener->heard_at = now_ms;
  uint64_t released = ((body[1] & 63u) - opener->out_base) & 63;
  if (released <= opener->out_end - opener->out_base) {
    for (; released > 0; released--) {
      opener->out_base++;
      opener->callbacks->acknowledged(opener->callbacks->context);
    }
    for (unsigned i = 0; i < opener->receive_window; i++) {
      if ((body[2 + i / 8] >> i % 8 & 1) != 0 && opener->out_base + i < opener->out_end) {
        opener->out[(opener->out_base + i) % OPENER_QUEUE].held = true;
      }
    }
  }
  opener->ack_due |= (body[1] & 0x80) != 0;
  if (body[0] < 64) {
    uint64_t offset = (body[0] - opener->in_base) & 63;
    opener_packet_t *slot = &opener->in[(opener->in_base + offset) % OPENER_QUEUE];
    opener->ack_due = true;
    if (offset < opener->send_window && !slot->filled) {
      slot->filled = true;
      slot->count = body_bytes - header;
      memcpy(slot->bytes, body + header, slot->count);
    }
  } else if (body[0] == opener->last_datagram) {
    opener->repeated_datagrams++;
  } else if (body[0] >= 0x80) {
    opener->last_datagram = body[0];
    opener->callbacks->receive_datagram(opener->callbacks->context, body + header, body_bytes - header);
  }
}

void opener_push(opener_t *opener, uint8_t byte, long now_ms) {
  uint8_t body[OPENER_MAX_FRAME + 1];
  if (byte != 0) {
    if (opener->frame_bytes < sizeof opener->frame) {
      opener->frame[opener->frame_bytes++] = byte;
    }
    return;
  }
  long count = opener_decode(opener->frame, opener->frame_bytes, body);
  bool idle = opener->frame_bytes == 0;
  opener->frame_bytes = 0;
  if (count < 7) {
    opener->refused_frames += !idle;
    return;
  }
  size_t body_bytes = (size_t)count - 4;
  uint32_t crc = 0;
  for (int i = 0; i < 4; i++) {
    crc |= (uint32_t)body[body_bytes + (size_t)i] << (8 * i);
  }
  if (body[0] >= 0xC0 && crc == opener_crc(0xFFFFFFFFu, body, body_bytes)) {
    receive_handshake(opener, body, body_bytes, now_ms);
  } else if (body[0] < 0xC0 && opener->in_session && crc == opener_crc(opener->key, body, body_bytes)) {
    receive_in_session(opener, body, body_bytes, now_ms);
  } else {
    opener->refused_frames++;
  }
}

void opener_deliver(opener_t *opener) {
  for (;;) {
    opener_packet_t *slot = &opener->in[opener->in_base % OPENER_QUEUE];
    if (!slot->filled || !opener->callbacks->receive(opener->callbacks->context, slot->bytes, slot->count)) {
      return;
    }
    slot->filled = false;
    opener->in_base++;
    opener->ack_due = true;
  }
}

void opener_poll(opener_t *opener, long now_ms) {
  if (!opener->in_session) {
    if (now_ms - opener->opened_at >= 10 * opener->resend_ms) {
      open_session(opener, now_ms);
    }
    return;
  }
  for (uint64_t i = 0; i < opener->receive_window && opener->out_base + i < opener->out_end; i++) {
    opener_packet_t *slot = &opener->out[(opener->out_base + i) % OPENER_QUEUE];
    if (!slot->sent || (!slot->held && now_ms - slot->sent_at >= opener->resend_ms)) {
      slot->sent = true;
      slot->sent_at = now_ms;
      write_session_frame(opener, (uint8_t)((opener->out_base + i) & 63), slot->bytes, slot->count);
      return;
    }
  }
  long silent_ms = now_ms - (opener->polled_at > opener->heard_at ? opener->polled_at : opener->heard_at);
  if (silent_ms >= (opener->heard ? 4 : 1) * opener->resend_ms) {
    opener->poll_due = true;
    opener->polled_at = now_ms;
  }
  if (opener->poll_due || opener->ack_due) {
    write_session_frame(opener, 0x40, NULL, 0);
  }
}
