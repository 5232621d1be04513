#include "link.h"

#include "crc32.h"

/* Kinds of frames: the two top bits of the first byte. The others are a number. */
#define KIND_MASK 0xC0
#define DATA 0x00
#define ACK 0x40
#define DATAGRAM 0x80
#define HANDSHAKE 0xC0
#define OPEN (HANDSHAKE | 1)
#define STATUS (HANDSHAKE | 2)
#define NO_SESSION (HANDSHAKE | 3)

/* In the second byte of a frame of a session: the sender wants an acknowledgement at once. */
#define POLL 0x80

#define NUMBER_MASK 63
#define HANDSHAKE_KEY 0xFFFFFFFF
#define OPEN_BYTES (9 + CRC32_BYTES)

/* State of a CRC-32 after a frame and its checksum, whatever its start value. */
#define CRC_OF_VALID_FRAME 0xDEBB20E3

#define FIRST_TIMEOUT_MS 1000
#define MAX_ROUND_TRIP_MS 4000

/* States of slots. NEW and LOST wait to be sent: NEW as if never sent before. In a receive window, only HELD and EMPTY. */
enum { NEW, LOST, SENT, HELD, EMPTY };

/* What is to be sent, besides packets. */
enum { ACK_DUE = 1, POLL_DUE = 2, STATUS_DUE = 4, NO_SESSION_DUE = 8 };

/* Stages of the frame that is being sent. In NEXT_BLOCK, `position` is that of the zero before the block. */
enum { IDLE, BEFORE_FRAME, FIRST_BLOCK, NEXT_BLOCK, FULL_BLOCK, LAST_BLOCK };

static link_slot_t *slot_at(const link_window_t *window, uint8_t offset) {
  uint8_t index = (uint8_t)(window->head + offset);

  if (index >= window->slots) {
    index = (uint8_t)(index - window->slots);
  }
  return (link_slot_t *)(void *)(window->memory + (size_t)index * window->slot_bytes);
}

static uint8_t *packet_of(link_slot_t *slot) {
  return (uint8_t *)(slot + 1);
}

static uint16_t bytes_of(const link_slot_t *slot) {
  return (uint16_t)((uint16_t)slot->bytes_high << 8 | slot->bytes_low);
}

static void advance(link_window_t *window) {
  window->base = (window->base + 1) & NUMBER_MASK;
  if (++window->head == window->slots) {
    window->head = 0;
  }
}

static void copy(uint8_t *to, const uint8_t *from, uint16_t count) {
  while (count-- > 0) {
    *to++ = *from++;
  }
}

static void fill(link_slot_t *slot, uint8_t state, const uint8_t *packet, uint16_t packet_bytes) {
  slot->state = state;
  slot->bytes_high = (uint8_t)(packet_bytes >> 8);
  slot->bytes_low = (uint8_t)packet_bytes;
  copy(packet_of(slot), packet, packet_bytes);
}

static uint8_t smaller(uint8_t a, uint8_t b) {
  return a < b ? a : b;
}

static uint8_t *init_window(link_window_t *window, uint8_t *memory, uint8_t slots, uint16_t packet_bytes) {
  window->memory = memory;
  window->slots = slots;
  window->slot_bytes = (uint16_t)(packet_bytes + sizeof(link_slot_t));
  window->head = 0;
  return memory + (size_t)slots * window->slot_bytes;
}

/* Makes all slots of the receive window empty, and counts the packets in them. */
static void empty_in(link_t *link) {
  link->in.base = 0;
  for (uint8_t i = 0; i < link->in.slots; i++) {
    link_slot_t *slot = slot_at(&link->in, i);
    if (slot->state == HELD) {
      link->dropped++;
    }
    slot->state = EMPTY;
  }
}

void link_init(link_t *link, const link_config_t *config) {
  uint8_t *all = (uint8_t *)link;
  for (size_t i = 0; i < sizeof *link; i++) {
    all[i] = 0;
  }
  link->config = config;
  uint8_t *memory = init_window(&link->in, config->memory, config->receive_window, config->receive_bytes);
  memory = init_window(&link->out, memory, config->send_window, config->send_bytes);
  for (uint8_t i = 0; i < link->in.slots; i++) {
    slot_at(&link->in, i)->state = EMPTY;
  }
  link->received_frame = memory;
  packet_receiver_init(&link->receiver, memory, LINK_FRAME_BYTES(config->receive_bytes));
  if (config->start_counter != 0) {
    uint32_t counter = config->start_counter(config->context);
    for (uint8_t i = 8; i-- > 4;) {
      link->session_number[i] = (uint8_t)counter;
      counter >>= 8;
    }
  }
  link->timeout_ms = FIRST_TIMEOUT_MS;
  link->due = NO_SESSION_DUE;
}

/* Sending */

static void arm_timeout(link_t *link) {
  uint16_t timeout_ms = link->timeout_ms;

  for (uint8_t i = link->backoff; i > 0 && timeout_ms < FIRST_TIMEOUT_MS; i--) {
    timeout_ms = (uint16_t)(timeout_ms << 1);
  }
  link->deadline = (uint16_t)(link->now + timeout_ms);
}

/* Begins to send link->frame, of `header_bytes` bytes, and link->payload. */
static void begin_frame(link_t *link, uint8_t header_bytes, uint32_t key) {
  uint32_t crc = crc32_update(key, link->frame, header_bytes);

  crc = ~crc32_update(crc, link->payload, link->payload_bytes);
  for (uint8_t i = 0; i < CRC32_BYTES; i++) {
    link->frame[header_bytes + i] = (uint8_t)crc;
    crc >>= 8;
  }
  link->header_bytes = header_bytes;
  link->position = 0;
}

static void begin_handshake_frame(link_t *link, uint8_t first_byte) {
  uint8_t header_bytes = 6;
  uint8_t *frame = link->frame;
  const link_config_t *config = link->config;

  link->due = 0;
  link->stage = BEFORE_FRAME;
  link->payload_bytes = 0;
  frame[0] = first_byte;
  frame[1] = LINK_VERSION;
  if (first_byte == NO_SESSION) {
    copy(frame + 2, link->session_number + 4, 4);
  } else {
    copy(frame + 2, link->session_number, 8);
    frame[10] = smaller(config->receive_window, link->candidate_window);
    frame[11] = smaller(config->send_window, link->candidate_window);
    frame[12] = (uint8_t)(config->receive_bytes >> 8);
    frame[13] = (uint8_t)config->receive_bytes;
    frame[14] = (uint8_t)(config->send_bytes >> 8);
    frame[15] = (uint8_t)config->send_bytes;
    header_bytes = 16;
  }
  begin_frame(link, header_bytes, HANDSHAKE_KEY);
}

static void begin_session_frame(link_t *link, uint8_t first_byte) {
  uint8_t *to = link->frame;

  *to++ = first_byte;
  *to++ = (uint8_t)(link->in.base | ((link->due & POLL_DUE) != 0 ? POLL : 0));
  for (uint8_t i = 0, mask = 0; i < link->in.window; i++) {
    if (mask == 0) {
      *to++ = 0;
      mask = 1;
    }
    if (slot_at(&link->in, i)->state == HELD) {
      to[-1] |= mask;
    }
    mask = (uint8_t)(mask << 1);
  }
  link->due = 0;
  link->stage = FIRST_BLOCK;
  begin_frame(link, (uint8_t)(to - link->frame), link->key);
}

/* Begins to send the first packet in the window that waits for it. */
static bool begin_data(link_t *link) {
  uint8_t limit = smaller(link->send_limit, link->waiting);

  for (uint8_t offset = 0; offset < limit; offset++) {
    link_slot_t *slot = slot_at(&link->out, offset);
    if (slot->state > LOST) {
      continue;
    }
    uint8_t number = (link->out.base + offset) & NUMBER_MASK;
    link->transmission++;
    slot->last = link->transmission;
    if (slot->state == NEW) {
      slot->first = link->transmission;
    }
    slot->state = SENT;
    if (offset < link->sent) {
      link->resent++;
      /* The acknowledgement may be that of either transmission. */
      if (link->timed == number) {
        link->timing = false;
      }
    } else {
      link->sent++;
      if (!link->timing) {
        link->timing = true;
        link->timed = number;
        link->timed_at = link->now;
      }
    }
    arm_timeout(link);
    link->payload = packet_of(slot);
    link->payload_bytes = bytes_of(slot);
    begin_session_frame(link, number);
    return true;
  }
  return false;
}

static bool begin_datagram(link_t *link) {
  if (link->datagram == 0) {
    return false;
  }
  link->payload = link->datagram;
  link->payload_bytes = link->datagram_bytes;
  begin_session_frame(link, DATAGRAM);
  return true;
}

/* Begins the next frame. Returns whether there is one. */
static bool begin_next(link_t *link) {
  if ((link->due & (STATUS_DUE | NO_SESSION_DUE)) != 0) {
    begin_handshake_frame(link, (link->due & STATUS_DUE) != 0 ? STATUS : NO_SESSION);
    return true;
  }
  if (!link->in_session) {
    return false;
  }
  /* Packets and datagrams take turns, so that neither waits for the end of the other. */
  link->data_next = !link->data_next;
  if ((link->data_next && begin_data(link)) || begin_datagram(link) || begin_data(link)) {
    return true;
  }
  if (link->due == 0) {
    return false;
  }
  link->payload_bytes = 0;
  begin_session_frame(link, ACK);
  return true;
}

static uint8_t byte_at(const link_t *link, uint16_t position) {
  if (position >= link->header_bytes) {
    uint16_t in_payload = (uint16_t)(position - link->header_bytes);
    if (in_payload < link->payload_bytes) {
      return link->payload[in_payload];
    }
    position = (uint16_t)(position - link->payload_bytes);
  }
  return link->frame[position];
}

/* Returns the COBS code of the next block of the frame. */
static uint8_t begin_block(link_t *link) {
  uint16_t end = (uint16_t)(link->header_bytes + link->payload_bytes + CRC32_BYTES);
  uint8_t code = 1;

  if (link->stage == NEXT_BLOCK) {
    link->position++;
  }
  uint16_t position = link->position;
  link->stage = LAST_BLOCK;
  for (; position < end; position++) {
    if (code == 0xFF) {
      link->stage = FULL_BLOCK;
      break;
    }
    if (byte_at(link, position) == 0) {
      link->stage = NEXT_BLOCK;
      break;
    }
    code++;
  }
  link->block_left = (uint8_t)(code - 1);
  return code;
}

static void end_frame(link_t *link) {
  uint8_t kind = link->frame[0] & KIND_MASK;

  link->stage = IDLE;
  link->idle_left = link->config->idle_delimiters;
  if (kind == DATAGRAM) {
    link->datagram = 0;
  }
  if (kind == DATA) {
    arm_timeout(link);
  }
}

int16_t link_take(link_t *link) {
  if (link->block_left > 0) {
    link->block_left--;
    return byte_at(link, link->position++);
  }
  if (link->stage == IDLE && !begin_next(link)) {
    if (link->idle_left == 0) {
      return -1;
    }
    link->idle_left--;
    return 0;
  }
  if (link->stage == BEFORE_FRAME) {
    link->stage = FIRST_BLOCK;
    return 0;
  }
  if (link->stage == LAST_BLOCK) {
    end_frame(link);
    return 0;
  }
  return begin_block(link);
}

bool link_send(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  if (packet_bytes > link->config->send_bytes || link->waiting == link->out.slots) {
    return false;
  }
  link_slot_t *slot = slot_at(&link->out, link->waiting);
  /* A packet may have been acknowledged while it was being sent again. */
  if (link->stage != IDLE && link->payload_bytes > 0 && link->payload == packet_of(slot)) {
    return false;
  }
  fill(slot, NEW, packet, (uint16_t)packet_bytes);
  link->waiting++;
  return true;
}

bool link_send_datagram(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  if (!link->in_session || link->datagram != 0 || packet_bytes > link->config->send_bytes) {
    return false;
  }
  link->datagram = packet;
  link->datagram_bytes = (uint16_t)packet_bytes;
  return true;
}

bool link_datagram_waits(const link_t *link) {
  return link->datagram != 0;
}

/* Receiving */

/* RFC 6298, in milliseconds: round_trip is 8 times its mean, deviation 4 times. */
static void measure(link_t *link) {
  uint16_t sample = (uint16_t)(link->now - link->timed_at + 1);

  link->timing = false;
  if (sample > MAX_ROUND_TRIP_MS) {
    sample = MAX_ROUND_TRIP_MS;
  }
  if (link->round_trip == 0) {
    link->round_trip = (uint16_t)(sample << 3);
    link->deviation = (uint16_t)(sample << 1);
  } else {
    int16_t error = (int16_t)(sample - (link->round_trip >> 3));
    link->round_trip = (uint16_t)(link->round_trip + (uint16_t)error);
    if (error < 0) {
      error = (int16_t)-error;
    }
    link->deviation = (uint16_t)(link->deviation + (uint16_t)error - (link->deviation >> 2));
  }
  link->timeout_ms = (uint16_t)((link->round_trip >> 3) + link->deviation);
  if (link->timeout_ms < link->config->min_timeout_ms) {
    link->timeout_ms = link->config->min_timeout_ms;
  }
}

/* Takes in an acknowledgement: `next`, and a bit for each packet from there that the host holds. */
static void acknowledge(link_t *link, uint8_t next, const uint8_t *held) {
  uint8_t released = (next - link->out.base) & NUMBER_MASK;
  uint8_t first = 0;
  bool progress = false;

  if (released > link->sent) {
    return;
  }
  uint8_t sent = link->sent;
  uint8_t number = link->out.base;
  for (uint8_t i = 0, offset = 0; i < sent; i++, number = (number + 1) & NUMBER_MASK) {
    link_slot_t *slot = slot_at(&link->out, offset);
    if (i >= released) {
      bool is_held = (held[offset >> 3] >> (offset & 7) & 1) != 0;
      offset++;
      if (!is_held) {
        continue;
      }
    }
    if (slot->state != HELD) {
      slot->state = HELD;
      if (link->timing && link->timed == number) {
        measure(link);
      }
      if (!progress || (int8_t)(slot->first - first) > 0) {
        first = slot->first;
      }
      progress = true;
      if (++link->grown >= link->send_limit) {
        link->grown = 0;
        link->send_limit = smaller((uint8_t)(link->send_limit + 1), link->out.window);
      }
    }
    if (i < released) {
      advance(&link->out);
      link->sent--;
      link->waiting--;
      link->acknowledged++;
    }
  }
  if (released > 0 || progress) {
    link->backoff = 0;
    arm_timeout(link);
  }
  if (!progress) {
    return;
  }
  /* The line keeps its order, so what was last sent before an acknowledged transmission is lost. */
  for (uint8_t i = 0; i < link->sent; i++) {
    link_slot_t *slot = slot_at(&link->out, i);
    if (slot->state == SENT && (int8_t)(slot->last - first) < 0) {
      slot->state = LOST;
    }
  }
}

static void receive_data(link_t *link, uint8_t number, const uint8_t *payload, uint16_t payload_bytes) {
  uint8_t offset = (number - link->in.base) & NUMBER_MASK;

  if (payload_bytes > link->config->receive_bytes) {
    link->receiver.too_long++;
    return;
  }
  link->due |= ACK_DUE;
  if (offset < link->in.window) {
    link_slot_t *slot = slot_at(&link->in, offset);
    if (slot->state == EMPTY) {
      fill(slot, HELD, payload, payload_bytes);
      return;
    }
  }
  link->duplicates++;
}

static void receive_in_session(link_t *link, uint16_t frame_bytes) {
  const uint8_t *frame = link->received_frame;
  const link_config_t *config = link->config;
  uint8_t kind = frame[0] & KIND_MASK;
  uint8_t header_bytes = (uint8_t)(2 + ((link->out.window + 7) >> 3));

  frame_bytes = (uint16_t)(frame_bytes - CRC32_BYTES);
  if (frame_bytes < header_bytes) {
    link->receiver.malformed++;
    return;
  }
  frame_bytes = (uint16_t)(frame_bytes - header_bytes);
  acknowledge(link, frame[1] & NUMBER_MASK, frame + 2);
  if ((frame[1] & POLL) != 0) {
    link->due |= ACK_DUE;
  }
  if (kind == DATA) {
    receive_data(link, frame[0], frame + header_bytes, frame_bytes);
  } else if (kind == DATAGRAM) {
    if (config->receive_datagram == 0 ||
        !config->receive_datagram(config->context, frame + header_bytes, frame_bytes)) {
      link->dropped++;
    }
  }
}

/* The host knows the new session: this ends the old one. */
static void begin_session(link_t *link) {
  uint8_t lost = 0;

  if (link->in_session) {
    lost = link->waiting;
    link->waiting = 0;
  }
  link->in_session = true;
  link->key = link->candidate_key;
  link->in.window = smaller(link->in.slots, link->candidate_window);
  link->out.window = smaller(link->out.slots, link->candidate_window);
  link->candidate_window = 0;
  link->send_limit = link->out.window;
  link->out.base = 0;
  link->sent = 0;
  link->backoff = 0;
  link->timing = false;
  empty_in(link);
  if (link->config->session != 0) {
    link->config->session(link->config->context, lost);
  }
}

static bool is_valid(const link_t *link, uint32_t key) {
  return crc32_update(key, link->received_frame, link->receiver.packet_bytes) == CRC_OF_VALID_FRAME;
}

static void receive_handshake(link_t *link) {
  const uint8_t *frame = link->received_frame;

  if (frame[0] != OPEN || link->receiver.packet_bytes < OPEN_BYTES) {
    return;
  }
  copy(link->session_number, frame + 2, 4);
  link->due = STATUS_DUE;
  link->candidate_window = 0;
  /* The host reports another version by the answer. */
  if (frame[1] == LINK_VERSION) {
    link->candidate_window = frame[6];
    link->candidate_key = ~crc32_update(HANDSHAKE_KEY, link->session_number, 8);
    if (link->candidate_key == HANDSHAKE_KEY) {
      link->candidate_key = 0;
    }
  }
}

void link_push(link_t *link, uint8_t byte) {
  if (packet_receiver_push(&link->receiver, byte) != PACKET_RECEIVER_PACKET) {
    return;
  }
  size_t frame_bytes = link->receiver.packet_bytes;
  if (frame_bytes > CRC32_BYTES) {
    if (link->received_frame[0] >= HANDSHAKE) {
      if (is_valid(link, HANDSHAKE_KEY)) {
        receive_handshake(link);
        return;
      }
    } else if (link->in_session && is_valid(link, link->key)) {
      receive_in_session(link, (uint16_t)frame_bytes);
      return;
    } else if (link->candidate_window > 0) {
      if (is_valid(link, link->candidate_key)) {
        begin_session(link);
        receive_in_session(link, (uint16_t)frame_bytes);
        return;
      }
    } else if (!link->in_session) {
      link->due = NO_SESSION_DUE;
    }
  }
  link->damaged++;
}

static void check_timeout(link_t *link) {
  if (link->sent == 0 || (int16_t)(link->now - link->deadline) < 0) {
    return;
  }
  if (link->backoff < 15) {
    link->backoff++;
  }
  arm_timeout(link);
  for (uint8_t i = 0; i < link->sent; i++) {
    link_slot_t *slot = slot_at(&link->out, i);
    if (slot->state != HELD) {
      /* NEW: after a time-out, an acknowledgement counts as that of the next transmission, so it proves later losses. */
      slot->state = NEW;
      link->send_limit = (uint8_t)((link->send_limit + 1) >> 1);
      link->grown = 0;
      return;
    }
  }
  /* The host holds all of them, and its acknowledgement that its application took them may be lost. */
  link->due |= POLL_DUE;
}

void link_poll(link_t *link, uint16_t now_ms) {
  link_slot_t *slot = slot_at(&link->in, 0);

  link->now = now_ms;
  while (slot->state == HELD && link->config->receive(link->config->context, packet_of(slot), bytes_of(slot))) {
    slot->state = EMPTY;
    link->received++;
    link->due |= ACK_DUE;
    advance(&link->in);
    slot = slot_at(&link->in, 0);
  }
  check_timeout(link);
}
