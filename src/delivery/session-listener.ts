import { crc32StartOf } from '../framing/crc.js';
import { HeardDirection, type Sender } from './heard-direction.js';
import type { HeardFrame, HeardSession } from './heard-frame.js';
import {
  CRC_BYTES,
  FRAME_KINDS,
  HANDSHAKE_KEY,
  type HandshakeFrame,
  MAX_WINDOW,
  MIN_FRAME_BYTES,
  PROTOCOL_VERSION,
  readHandshake,
  type StatusFrame,
  sessionKey,
} from './wire-format.js';

/** How many different frames show that a key is that of a session. */
const FRAMES_TO_CONFIRM = 2;

/** As many if the key is that of the session but for a few bits: the same damage to each frame would look like that. */
const FRAMES_TO_CONFIRM_SIMILAR = 4;

/** How many sessions are kept that may be heard soon. */
const MAX_KNOWN_SESSIONS = 32;

/** A session that was heard in some direction, or that a handshake has announced. */
interface KnownSession extends HeardSession {
  readonly key: number;
  status: StatusFrame | undefined;
  /** The order in which they became known. */
  readonly since: number;
  /** Where OPEN and STATUS were heard. */
  hostDirection: string | undefined;
  deviceDirection: string | undefined;
  /** The window of the host, from OPEN: the device's is not larger. */
  hostWindow: number | undefined;
}

/** Frames that would be of the same session, if it is one. */
interface Suspect {
  readonly key: number;
  /** They differ from each other. */
  readonly packets: Uint8Array[];
}

/** What was heard in a direction. */
interface Direction {
  readonly name: string;
  current: { readonly known: KnownSession; readonly heard: HeardDirection } | undefined;
  /** The session before. A line may repeat its frames. */
  previous: Direction['current'];
  suspect: Suspect | undefined;
}

/**
 * Decodes sessions of acknowledged delivery that it merely hears: for monitors, which have no part in the handshake.
 *
 * It gets the packets of a connection with `delivery: 'plain'` and `checksum: 'none'`, which are the frames of the session
 * with their CRC. Let its `maxPacketBytes` be 10 more than the largest payload, and at least 20 for the handshake.
 *
 * - The key of a session follows from its handshake. Without that, it follows from a frame, and the next one confirms it:
 *   the first of them is held until then.
 * - Another session replaces the one before. Damaged frames do not.
 * - The length of the headers follows from `STATUS`, or from any `ACK`. Until then, windows up to 8 are assumed.
 * - A packet is taken for a repetition if its number and its payload are those of one that may still be in flight.
 *
 * No input makes it throw. Its memory is bounded: for each direction, up to four frames and some numbers.
 *
 * @example
 * ```ts
 * const listener = new SessionListener();
 * communicator.setReceiveHandler((name, packet) => {
 *   for (const frame of listener.receive(packet, name)) {
 *     if (frame.type === 'data' && frame.isNew) handle(frame.payload);
 *   }
 * });
 * ```
 */
export class SessionListener {
  readonly #directions = new Map<string, Direction>();
  /** The oldest first. */
  #known: KnownSession[] = [];
  #sessions = 0;

  /**
   * Decodes a frame.
   *
   * @param packet - the frame with its CRC, after COBS. It must not be changed later, because it may be held
   * @param direction - what the host sends and what the device sends needs different names, if both is heard. Which is
   *   which does not matter. Names of several lines may be mixed. Each name is kept
   * @returns the frames that are decided now, in the order of receiving: none if this one is held, several if an earlier
   *   one was
   */
  receive(packet: Uint8Array, direction = ''): HeardFrame[] {
    const heard = this.#direction(direction);
    const end = packet.length - CRC_BYTES;
    if (end < MIN_FRAME_BYTES) {
      return [...this.#refute(heard), { type: 'unknown', packet }];
    }
    const crc = packet[end]! | (packet[end + 1]! << 8) | (packet[end + 2]! << 16) | (packet[end + 3]! << 24);
    const key = crc32StartOf(packet, end, crc);
    if (packet[0]! >> 6 === FRAME_KINDS.handshake) {
      const frame = key === HANDSHAKE_KEY ? readHandshake(packet.subarray(0, end)) : undefined;
      if (frame !== undefined) {
        this.#learn(frame, direction);
      }
      return [...this.#refute(heard), frame === undefined ? { type: 'unknown', packet } : { ...frame, packet }];
    }
    const session = this.#sessionOf(heard, key);
    if (session !== undefined) {
      return [...this.#refute(heard), session.read(packet)];
    }
    // No session has the key of the handshake. It is that of plain frames with a CRC-32.
    return key === HANDSHAKE_KEY
      ? [...this.#refute(heard), { type: 'unknown', packet }]
      : this.#suspect(heard, key, packet);
  }

  /**
   * Ends the wait for the next frame.
   *
   * @returns what is held in a direction, as unknown frames
   */
  flush(direction = ''): HeardFrame[] {
    return this.#refute(this.#direction(direction));
  }

  #direction(name: string): Direction {
    let direction = this.#directions.get(name);
    if (direction === undefined) {
      direction = { name, current: undefined, previous: undefined, suspect: undefined };
      this.#directions.set(name, direction);
    }
    return direction;
  }

  /** The session with this key, if it is that of the direction, or may replace it. */
  #sessionOf(direction: Direction, key: number): HeardDirection | undefined {
    const { current, previous } = direction;
    if (current?.known.key === key) {
      this.#findSender(current, direction.name);
      return current.heard;
    }
    if (previous?.known.key === key) {
      direction.previous = current;
      direction.current = previous;
      return previous.heard;
    }
    const since = current?.known.since ?? 0;
    const known = this.#known.findLast((each) => each.key === key && each.since > since);
    if (known !== undefined) {
      return this.#begin(direction, known);
    }
    return undefined;
  }

  /** Holds a frame whose key is that of no session, until others confirm it. */
  #suspect(direction: Direction, key: number, packet: Uint8Array): HeardFrame[] {
    const { suspect, current } = direction;
    if (suspect?.key !== key) {
      const refuted = this.#refute(direction);
      direction.suspect = { key, packets: [packet] };
      return refuted;
    }
    const { packets } = suspect;
    // The line may repeat a damaged frame, and a device that speaks another protocol its frames.
    const repeated = packets.findIndex((each) => isSame(each, packet));
    if (repeated >= 0) {
      packets.push(packet);
      return packets.splice(0, repeated + 1).map((each) => ({ type: 'unknown', packet: each }));
    }
    packets.push(packet);
    const isSimilar = current !== undefined && differsLittle(current.known.key, key);
    if (packets.length < (isSimilar ? FRAMES_TO_CONFIRM_SIMILAR : FRAMES_TO_CONFIRM)) {
      return [];
    }
    direction.suspect = undefined;
    const session = this.#begin(direction, this.#add(key));
    return packets.map((each) => session.read(each));
  }

  /** What is held belongs to no session. */
  #refute(direction: Direction): HeardFrame[] {
    const packets = direction.suspect?.packets ?? [];
    direction.suspect = undefined;
    return packets.map((packet) => ({ type: 'unknown', packet }));
  }

  #begin(direction: Direction, known: KnownSession): HeardDirection {
    const current = { known, heard: new HeardDirection(known) };
    direction.previous = direction.current;
    direction.current = current;
    this.#findSender(current, direction.name);
    return current.heard;
  }

  /** A direction is that of the host if OPEN was heard in it, or STATUS in another one; otherwise that of the device. */
  #findSender({ known, heard }: NonNullable<Direction['current']>, name: string): void {
    const { hostDirection, deviceDirection, hostWindow } = known;
    const isHost = deviceDirection === undefined ? hostDirection === name : deviceDirection !== name;
    const isDevice = hostDirection === undefined ? deviceDirection === name : hostDirection !== name;
    const sender: Sender | undefined = isHost === isDevice ? undefined : isHost ? 'host' : 'device';
    heard.setSender(sender, sender === 'host' ? hostWindow : undefined);
  }

  /** A handshake announces a session. */
  #learn(frame: HandshakeFrame, direction: string): void {
    if (frame.type === 'noSession' || frame.version !== PROTOCOL_VERSION) {
      return;
    }
    // On a line that keeps its order, D is 0: then the key follows from OPEN.
    const known = this.#add(sessionKey(frame.h, frame.type === 'open' ? 0 : frame.d));
    if (frame.type === 'open') {
      known.hostDirection = direction;
      known.hostWindow = frame.window;
    } else {
      known.deviceDirection = direction;
      if (isWindow(frame.receiveWindow) && isWindow(frame.sendWindow)) {
        known.status = frame;
      }
    }
  }

  #add(key: number): KnownSession {
    const before = this.#known.find((each) => each.key === key);
    if (before !== undefined) {
      return before;
    }
    const known: KnownSession = {
      key,
      status: undefined,
      since: ++this.#sessions,
      hostDirection: undefined,
      deviceDirection: undefined,
      hostWindow: undefined,
    };
    this.#known = [...this.#known.slice(1 - MAX_KNOWN_SESSIONS), known];
    return known;
  }
}

function isWindow(window: number): boolean {
  return window >= 1 && window <= MAX_WINDOW;
}

/** Whether two frames with the same key are the same: their lengths and their CRCs are. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  const end = one.length - CRC_BYTES;
  return one.length === other.length && other.subarray(end).every((byte, index) => byte === one[end + index]);
}

/** Whether two keys differ as if one of the first four bytes, or up to three bits of them, had been damaged. */
function differsLittle(one: number, other: number): boolean {
  const damage = (one ^ other) >>> 0;
  let bits = 0;
  for (let rest = damage; rest !== 0; rest &= rest - 1) {
    bits++;
  }
  return bits <= 3 || [0, 8, 16, 24].some((shift) => (damage & ~(0xff << shift)) >>> 0 === 0);
}
