/*
 * Longer than 350 lines because a link is two files to copy, and one state whose functions call each other.
 *
 * A frame is encoded while it is sent (begin_block), from its header, the slot of its packet, and its CRC. A received frame
 * is decoded into received_frame, and checked when it is complete (receive_frame).
 */
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
#define LEAST_OPEN_BYTES (6 + CRC32_BYTES)
#define LEAST_SESSION_FRAME_BYTES (3 + CRC32_BYTES)

/* State of a CRC-32 after a frame and its checksum, whatever its start value. */
#define CRC_OF_VALID_FRAME 0xDEBB20E3

/* Fields of link->status, which is what follows the version in a STATUS: H, D, windows, sizes. */
#define COUNTER_AT 4
#define WINDOWS_AT 8
#define SIZES_AT 10

#define FIRST_TIMEOUT_MS 1000
#define MAX_ROUND_TRIP_MS 4000

/* States of packets to send: waiting to be sent, for the first time or again; sent; at the host. */
enum { WAITING, SENT, HELD };

/* What is to be sent, besides packets and datagrams. */
enum { ACK_DUE = 1, POLL_DUE = 2, STATUS_DUE = 4, NO_SESSION_DUE = 8 };

/* Stages of the frame that is being sent. In NEXT_BLOCK, `position` is that of the zero before the block. */
enum { IDLE, BEFORE_FRAME, FIRST_BLOCK, NEXT_BLOCK, FULL_BLOCK, LAST_BLOCK };

/* On AVR, some functions that are called once are smaller apart: they then have a pointer register for the link. */
#if defined(__GNUC__)
#define APART __attribute__((noinline))
#else
#define APART
#endif

/*
 * The slot of the packet that is `offset` after the first in its window. Where the size of the window divides that of the
 * sequence space, the number of a packet determines its slot.
 */
static APART link_in_t *in_at(link_t *link, uint8_t offset) {
#if 64 % LINK_RECEIVE_WINDOW == 0
  return &link->in[(uint8_t)(link->next_in + offset) % LINK_RECEIVE_WINDOW];
#else
  return &link->in[(uint8_t)(link->in_head + offset) % LINK_RECEIVE_WINDOW];
#endif
}

static APART link_out_t *out_at(link_t *link, uint8_t offset) {
#if 64 % LINK_SEND_WINDOW == 0
  return &link->out[(uint8_t)(link->next_out + offset) % LINK_SEND_WINDOW];
#else
  return &link->out[(uint8_t)(link->out_head + offset) % LINK_SEND_WINDOW];
#endif
}

static void advance_in(link_t *link) {
  link->next_in = (link->next_in + 1) & NUMBER_MASK;
#if 64 % LINK_RECEIVE_WINDOW != 0
  link->in_head = (uint8_t)(link->in_head + 1) % LINK_RECEIVE_WINDOW;
#endif
}

static void advance_out(link_t *link) {
  link->next_out = (link->next_out + 1) & NUMBER_MASK;
#if 64 % LINK_SEND_WINDOW != 0
  link->out_head = (uint8_t)(link->out_head + 1) % LINK_SEND_WINDOW;
#endif
}

static APART void copy(uint8_t *to, const uint8_t *from, link_size_t count) {
  while (count-- > 0) {
    *to++ = *from++;
  }
}

void link_init(link_t *link, const link_callbacks_t *callbacks) {
  uint8_t *bytes = (uint8_t *)link;

  for (size_t i = 0; i < sizeof *link; i++) {
    bytes[i] = 0;
  }
  link->callbacks = callbacks;
  link->timeout_ms = FIRST_TIMEOUT_MS;
  link->due = NO_SESSION_DUE;
  link->status[WINDOWS_AT] = LINK_RECEIVE_WINDOW;
  link->status[SIZES_AT] = link->status[SIZES_AT + 2] = (uint8_t)(LINK_MAX_PACKET_BYTES >> 8);
  link->status[SIZES_AT + 1] = link->status[SIZES_AT + 3] = (uint8_t)(LINK_MAX_PACKET_BYTES & 0xFF);
  if (callbacks->start_counter != 0) {
    uint16_t counter = callbacks->start_counter(link);
    link->status[COUNTER_AT] = (uint8_t)(counter >> 8);
    link->status[COUNTER_AT + 1] = (uint8_t)counter;
  }
}

/* Sending */

static APART void arm_timeout(link_t *link) {
  link->deadline = (uint16_t)(link->now + link->backed_off_ms);
}

/* Begins to send link->frame, of `header_bytes` bytes, and link->payload. */
static APART void begin_frame(link_t *link, uint8_t header_bytes) {
  uint8_t *to = link->frame + header_bytes;
  uint32_t crc = link->frame[0] >= HANDSHAKE ? HANDSHAKE_KEY : link->key;

  crc = crc32_update(crc, link->frame, header_bytes);
  crc = ~crc32_update(crc, link->payload, link->payload_bytes);
  for (uint8_t i = 0; i < CRC32_BYTES; i++) {
    *to++ = (uint8_t)crc;
    crc >>= 8;
  }
  link->header_bytes = header_bytes;
  link->position = 0;
  link->due = 0;
}

/* STATUS or NO_SESSION. An OPEN that arrives before it has been sent spoils it, but another STATUS follows. */
static APART void begin_handshake_frame(link_t *link) {
  link->stage = BEFORE_FRAME;
  link->frame[1] = LINK_VERSION;
  if ((link->due & STATUS_DUE) != 0) {
    link->frame[0] = STATUS;
    link->payload = link->status;
    link->payload_bytes = sizeof link->status;
  } else {
    link->frame[0] = NO_SESSION;
    link->payload = link->status + COUNTER_AT;
    link->payload_bytes = WINDOWS_AT - COUNTER_AT;
  }
  begin_frame(link, 2);
}

static APART void begin_session_frame(link_t *link, uint8_t first_byte) {
  uint8_t *to = link->frame;
  uint8_t mask = 1;

  *to++ = first_byte;
  *to++ = (link->due & POLL_DUE) != 0 ? link->next_in | POLL : link->next_in;
  *to = 0;
  for (uint8_t i = 0; i < LINK_RECEIVE_WINDOW; i++) {
    if (LINK_RECEIVE_WINDOW > 8 && mask == 0) {
      *++to = 0;
      mask = 1;
    }
    if (in_at(link, i)->bytes_and_one > 0) {
      *to |= mask;
    }
    mask = (uint8_t)(mask << 1);
  }
  link->stage = FIRST_BLOCK;
  begin_frame(link, LINK_OUT_HEADER_BYTES);
}

/* Begins to send the first packet in the window that waits for it. */
static APART bool begin_data(link_t *link) {
  for (uint8_t i = 0; i < link->send_limit && i < link->waiting; i++) {
    link_out_t *slot = out_at(link, i);
    if (slot->state != WAITING) {
      continue;
    }
    slot->transmission = ++link->transmission;
    slot->state = SENT;
    if (i < link->sent) {
      link->resent++;
      /* The next acknowledgement may be that of either transmission. */
      link->timing = false;
    } else {
      link->sent++;
      if (!link->timing) {
        link->timing = true;
        link->timed = slot->transmission;
        link->timed_at = link->now;
      }
    }
    arm_timeout(link);
    link->payload = slot->packet;
    link->payload_bytes = slot->bytes;
    begin_session_frame(link, (link->next_out + i) & NUMBER_MASK);
    return true;
  }
  return false;
}

/* Begins the next frame. Returns whether there is one. */
static APART bool begin_next(link_t *link) {
  if (link->due >= STATUS_DUE) {
    begin_handshake_frame(link);
    return true;
  }
  if (!link->in_session) {
    return false;
  }
  /* Packets and datagrams take turns, so that neither waits for the end of the other. After STATUS, a packet comes first. */
  if ((link->datagram == 0 || link->frame[0] >= DATAGRAM) && begin_data(link)) {
    return true;
  }
  link->payload = link->datagram;
  link->payload_bytes = link->datagram_bytes;
  if (link->datagram != 0) {
    begin_session_frame(link, (uint8_t)(DATAGRAM | link->next_datagram));
    link->next_datagram = (link->next_datagram + 1) & NUMBER_MASK;
    return true;
  }
  link->payload_bytes = 0;
  if (link->due == 0) {
    return false;
  }
  begin_session_frame(link, ACK);
  return true;
}

static APART uint8_t byte_at(const link_t *link, link_size_t position) {
  if (position >= link->header_bytes) {
    link_size_t in_payload = (link_size_t)(position - link->header_bytes);
    if (in_payload < link->payload_bytes) {
      return link->payload[in_payload];
    }
    position = (link_size_t)(position - link->payload_bytes);
  }
  return link->frame[position];
}

/* Returns the COBS code of the next block of the frame. */
static APART uint8_t begin_block(link_t *link) {
  link_size_t end = (link_size_t)(link->header_bytes + link->payload_bytes + CRC32_BYTES);
  uint8_t code = 1;

  if (link->stage == NEXT_BLOCK) {
    link->position++;
  }
  link->stage = LAST_BLOCK;
  for (link_size_t i = link->position; i < end; i++, code++) {
    /* Only a long frame has a full block. */
    if (sizeof(link_size_t) > 1 && code == 0xFF) {
      link->stage = FULL_BLOCK;
      break;
    }
    if (byte_at(link, i) == 0) {
      link->stage = NEXT_BLOCK;
      break;
    }
  }
  link->block_left = (uint8_t)(code - 1);
  return code;
}

int16_t link_take(link_t *link) {
  if (link->block_left > 0) {
    link->block_left--;
    return byte_at(link, link->position++);
  }
  if (link->stage == IDLE && !begin_next(link)) {
    if (LINK_IDLE_DELIMITERS == 0 || link->idle_left == 0) {
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
    link->stage = IDLE;
    link->idle_left = LINK_IDLE_DELIMITERS;
    if ((link->frame[0] & KIND_MASK) == DATAGRAM) {
      link->datagram = 0;
    }
    return 0;
  }
  return begin_block(link);
}

bool link_send(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  if (packet_bytes > LINK_MAX_PACKET_BYTES || link->waiting == LINK_SEND_WINDOW) {
    return false;
  }
  link_out_t *slot = out_at(link, link->waiting);
  /* A packet may have been acknowledged while it was being sent again. */
  if (link->stage != IDLE && link->payload == slot->packet) {
    return false;
  }
  slot->state = WAITING;
  slot->bytes = (link_size_t)packet_bytes;
  copy(slot->packet, packet, slot->bytes);
  link->waiting++;
  return true;
}

bool link_send_datagram(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  if (packet_bytes > LINK_MAX_PACKET_BYTES || !link->in_session || link->datagram != 0) {
    return false;
  }
  link->datagram = packet;
  link->datagram_bytes = (link_size_t)packet_bytes;
  return true;
}

/* Receiving */

/* RFC 6298, in milliseconds: round_trip is 8 times its mean, deviation 4 times. */
static APART void measure(link_t *link) {
  uint16_t sample = (uint16_t)(link->now - link->timed_at + 1);

  link->timing = false;
  if (sample > MAX_ROUND_TRIP_MS) {
    sample = MAX_ROUND_TRIP_MS;
  }
  if (link->round_trip == 0) {
    link->round_trip = (uint16_t)(sample << 3);
    link->deviation = (uint16_t)(sample << 1);
  } else {
    uint16_t error = (uint16_t)(sample - (link->round_trip >> 3));
    link->round_trip = (uint16_t)(link->round_trip + error);
    if ((error & 0x8000) != 0) {
      error = (uint16_t)-error;
    }
    link->deviation = (uint16_t)(link->deviation + error - (link->deviation >> 2));
  }
  sample = (uint16_t)((link->round_trip >> 3) + link->deviation);
  link->timeout_ms = sample < LINK_MIN_TIMEOUT_MS ? (uint16_t)LINK_MIN_TIMEOUT_MS : sample;
}

/* Notes that the host has a packet. */
static APART void acknowledge(link_t *link, link_out_t *slot) {
  if (slot->state == HELD) {
    return;
  }
  slot->state = HELD;
  if (link->timing && slot->transmission == link->timed) {
    measure(link);
  }
  if (!link->progress || (int8_t)(slot->transmission - link->proven) > 0) {
    link->proven = slot->transmission;
  }
  link->progress = true;
  if (++link->grown >= link->send_limit) {
    link->grown = 0;
    if (link->send_limit < link->send_window) {
      link->send_limit++;
    }
  }
}

/* Receives an acknowledgement: `next`, and a bit for each packet from there that the host holds. */
static APART void receive_acknowledgement(link_t *link, const uint8_t *header) {
  uint8_t released = (header[1] - link->next_out) & NUMBER_MASK;
  uint8_t bits = 0;

  if (released > link->sent) {
    link->damaged++;
    return;
  }
  link->progress = false;
  for (; released > 0; released--) {
    acknowledge(link, out_at(link, 0));
    link->progress = true;
    advance_out(link);
    link->sent--;
    link->waiting--;
  }
  header += 2;
  for (uint8_t i = 0; i < link->sent; i++, bits >>= 1) {
    if (LINK_SEND_WINDOW <= 8 ? i == 0 : (i & 7) == 0) {
      bits = *header++;
    }
    if ((bits & 1) != 0) {
      acknowledge(link, out_at(link, i));
    }
  }
  if (!link->progress) {
    return;
  }
  link->backed_off_ms = link->timeout_ms;
  arm_timeout(link);
  /* The line keeps its order, so what was last sent before an acknowledged transmission is lost. */
  for (uint8_t i = 0; i < link->sent; i++) {
    link_out_t *slot = out_at(link, i);
    if (slot->state == SENT && (int8_t)(slot->transmission - link->proven) < 0) {
      slot->state = WAITING;
    }
  }
}

/* Receives the packet or datagram of a frame. */
static APART void receive_packet(link_t *link, const uint8_t *packet, link_size_t packet_bytes) {
  uint8_t first_byte = link->received_frame[0];

  if (first_byte >= DATAGRAM) {
    if (first_byte != link->last_datagram) {
      link->last_datagram = first_byte;
      if (link->callbacks->receive_datagram == 0 || !link->callbacks->receive_datagram(link, packet, packet_bytes)) {
        link->dropped++;
      }
      return;
    }
  } else {
    uint8_t offset = (first_byte - link->next_in) & NUMBER_MASK;
    link->due |= ACK_DUE;
    if (offset < LINK_RECEIVE_WINDOW) {
      link_in_t *slot = in_at(link, offset);
      if (slot->bytes_and_one == 0) {
        slot->bytes_and_one = (link_size_t)(packet_bytes + 1);
        copy(slot->packet, packet, packet_bytes);
        return;
      }
    }
  }
  link->duplicates++;
}

static APART void receive_in_session(link_t *link) {
  const uint8_t *frame = link->received_frame;
  uint8_t header_bytes = LINK_IN_HEADER_BYTES;

  if (LINK_SEND_WINDOW > 8) {
    header_bytes = (uint8_t)(2 + ((link->send_window + 7) >> 3));
  }
  link_size_t packet_bytes = (link_size_t)(link->in_bytes - CRC32_BYTES - header_bytes);
  if (packet_bytes > LINK_MAX_PACKET_BYTES) {
    link->damaged++;
    return;
  }
  receive_acknowledgement(link, frame);
  if ((frame[1] & POLL) != 0) {
    link->due |= ACK_DUE;
  }
  if ((frame[0] & KIND_MASK) != ACK) {
    receive_packet(link, frame + header_bytes, packet_bytes);
  }
}

/* The host knows the new session: this ends the old one. */
static APART void begin_session(link_t *link) {
  uint8_t lost = 0;

  if (link->in_session) {
    lost = link->waiting;
    link->waiting = 0;
  }
  link->in_session = true;
  link->key = link->candidate_key;
  link->send_window = link->send_limit = link->candidate_window;
  link->candidate_window = 0;
  link->backed_off_ms = link->timeout_ms;
  link->next_in = 0;
  link->next_out = 0;
  link->next_datagram = 0;
  link->last_datagram = 0;
  link->sent = 0;
  link->timing = false;
  for (uint8_t i = 0; i < LINK_RECEIVE_WINDOW; i++) {
    link_in_t *slot = in_at(link, i);
    if (slot->bytes_and_one > 0) {
      slot->bytes_and_one = 0;
      link->dropped++;
    }
  }
  if (link->callbacks->session != 0) {
    link->callbacks->session(link, lost);
  }
}

static APART bool is_valid(const link_t *link, uint32_t key) {
  return crc32_update(key, link->received_frame, link->in_bytes) == CRC_OF_VALID_FRAME;
}

static bool has_counter(const link_t *link) {
  return link->callbacks->start_counter != 0;
}

static APART void receive_open(link_t *link) {
  const uint8_t *frame = link->received_frame;
  uint8_t differs = link->candidate_window == 0;
  /* In another version, this may be something else. It is not used then. */
  uint8_t window = frame[6];

  for (uint8_t i = 0; i < COUNTER_AT; i++) {
    differs |= link->status[i] ^ frame[2 + i];
    link->status[i] = frame[2 + i];
  }
  /* An OPEN that arrives twice gets the same answer twice. */
  if (differs != 0 && has_counter(link)) {
    for (uint8_t i = WINDOWS_AT; i-- > COUNTER_AT && ++link->status[i] == 0;) {
    }
  }
  if (window > LINK_SEND_WINDOW) {
    window = LINK_SEND_WINDOW;
  }
  link->status[WINDOWS_AT + 1] = window;
  /* The host reports another version by the answer. */
  link->candidate_window = frame[1] == LINK_VERSION ? window : 0;
  link->candidate_key = ~crc32_update(HANDSHAKE_KEY, link->status, WINDOWS_AT);
  if (link->candidate_key == HANDSHAKE_KEY) {
    link->candidate_key = 0;
  }
  link->due = STATUS_DUE;
}

static APART void receive_frame(link_t *link) {
  uint8_t first_byte = link->received_frame[0];

  if (first_byte >= HANDSHAKE) {
    /* An OPEN of another version may have another length. */
    if (first_byte == OPEN && link->in_bytes >= LEAST_OPEN_BYTES &&
        (link->in_bytes == OPEN_BYTES || link->received_frame[1] != LINK_VERSION) && is_valid(link, HANDSHAKE_KEY)) {
      receive_open(link);
      return;
    }
  } else if (link->in_session && is_valid(link, link->key)) {
    receive_in_session(link);
    return;
  } else {
    if (link->candidate_window > 0 && is_valid(link, link->candidate_key)) {
      begin_session(link);
      receive_in_session(link);
      return;
    }
    /* Without a counter, a damaged frame must not end the session that the host began with the candidate. */
    if (!link->in_session && (link->candidate_window == 0 || has_counter(link))) {
      link->due |= NO_SESSION_DUE;
    }
  }
  link->damaged++;
}

/* One more than LINK_IN_FRAME_BYTES means that the frame is too long. */
static APART void append(link_t *link, uint8_t byte) {
  if (link->in_bytes < LINK_IN_FRAME_BYTES) {
    link->received_frame[link->in_bytes] = byte;
  }
  if (link->in_bytes <= LINK_IN_FRAME_BYTES) {
    link->in_bytes++;
  }
}

void link_push(link_t *link, uint8_t byte) {
  if (byte == 0) {
    if (link->in_block_left == 0 && link->in_bytes >= LEAST_SESSION_FRAME_BYTES && link->in_bytes <= LINK_IN_FRAME_BYTES) {
      receive_frame(link);
    } else if (link->in_block_left > 0 || link->in_bytes > 0) {
      link->damaged++;
    }
    link->in_block_left = 0;
    link->in_bytes = 0;
    link->zero_pending = false;
  } else if (link->in_block_left > 0) {
    link->in_block_left--;
    append(link, byte);
  } else {
    /* The zero that a block implies exists only if another block follows. */
    if (link->zero_pending) {
      append(link, 0);
    }
    link->in_block_left = (uint8_t)(byte - 1);
    link->zero_pending = byte != 0xFF;
  }
}

static APART void check_timeout(link_t *link) {
  if (link->sent == 0 || (int16_t)(link->now - link->deadline) < 0) {
    return;
  }
  if (link->backed_off_ms < FIRST_TIMEOUT_MS) {
    link->backed_off_ms = (uint16_t)(link->backed_off_ms << 1);
  }
  arm_timeout(link);
  for (uint8_t i = 0; i < link->sent; i++) {
    link_out_t *slot = out_at(link, i);
    if (slot->state != HELD) {
      /* Its acknowledgement will count as that of the next transmission, so it will show what else is lost. */
      slot->state = WAITING;
      link->send_limit = (uint8_t)((link->send_limit + 1) >> 1);
      link->grown = 0;
      return;
    }
  }
  /* The host has all of them, and its acknowledgement that its application took one may be lost. */
  link->due |= POLL_DUE;
}

void link_poll(link_t *link, uint16_t now_ms) {
  link->now = now_ms;
  for (;;) {
    link_in_t *slot = in_at(link, 0);
    if (slot->bytes_and_one == 0 ||
        !link->callbacks->receive(link, slot->packet, (size_t)(slot->bytes_and_one - 1))) {
      break;
    }
    slot->bytes_and_one = 0;
    link->due |= ACK_DUE;
    advance_in(link);
  }
  check_timeout(link);
}
