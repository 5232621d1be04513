import { type HandshakeFrame, type HeardFrame, type HeardSession, SessionListener } from 'serial-communicator';
import { count } from '../text/count.js';
import type { PacketRecord } from './record.js';
import type { SessionEvent } from './session-event.js';
import type { RecordConsumer } from './source.js';

/** A frame is at most this much longer than its packet. */
const OVERHEAD_BYTES = 10;

/** The longest frame of a handshake. */
const MIN_FRAME_BYTES = 20;

/** In directions beyond this, nothing is decoded. A recording may have any number of names. */
const MAX_DIRECTIONS = 1_000;

/** How many frames of no session are a reason to ask whether there is one. */
const SUSPICIOUS_FRAMES = 10;

/** The first bytes of a frame that is of no session, which are shown. */
const HEAD_BYTES = 64;

/** What was heard in one direction of a connection. */
interface Direction {
  readonly counts: { sessions: number; repetitions: number; acks: number; handshakes: number; unknown: number };
  readonly name: string;
  readonly dir: PacketRecord['dir'];
  /** The records whose frames are not decided yet, at most as many as the listener holds. */
  readonly waiting: PacketRecord[];
  session: HeardSession | undefined;
}

/** The largest packet that must be received for frames with packets of this size. */
export function heardFrameBytes(maxPacketBytes: number): number {
  return Math.max(MIN_FRAME_BYTES, maxPacketBytes + OVERHEAD_BYTES);
}

/**
 * Decodes the sessions of acknowledged delivery that are heard (`--delivery listen`): turns records of frames into those of
 * their packets. Repetitions, acknowledgements and handshakes become hidden records, which only recordings get. So a
 * recording has all frames, and can be decoded again.
 */
export class HeardSessions {
  readonly #listener = new SessionListener();
  readonly #report: (event: SessionEvent) => void;
  readonly #directions = new Map<string, Direction>();
  #isDoubtReported = false;

  /** @param report - gets handshakes and new sessions, in order with the records */
  constructor(report: (event: SessionEvent) => void) {
    this.#report = report;
  }

  /** Decodes a record, and passes on what is decided now. */
  pass(record: PacketRecord, take: RecordConsumer): void | Promise<void> {
    const key = `${record.dir} ${record.name}`;
    if (record.error !== undefined || record.isRaw) {
      return take(record);
    }
    let direction = this.#directions.get(key);
    if (direction === undefined) {
      if (this.#directions.size === MAX_DIRECTIONS) {
        return take(unknown(record));
      }
      const counts = { sessions: 0, repetitions: 0, acks: 0, handshakes: 0, unknown: 0 };
      direction = { counts, name: record.name, dir: record.dir, waiting: [], session: undefined };
      this.#directions.set(key, direction);
    }
    direction.waiting.push(record);
    return this.#take(this.#listener.receive(record.bytes, key), direction, take);
  }

  /** Passes on what waits for a frame that will not come. */
  end(take: RecordConsumer): void | Promise<void> {
    let waiting: Promise<void> | undefined;
    for (const [key, direction] of this.#directions) {
      const pass = () => this.#take(this.#listener.flush(key), direction, take);
      waiting = (waiting === undefined ? pass() : waiting.then(pass)) || undefined;
    }
    return waiting;
  }

  /** Whether a handshake or a session was heard. */
  get hasHeard(): boolean {
    return [...this.#directions.values()].some(({ counts }) => counts.handshakes + counts.sessions > 0);
  }

  /** One line for each direction with what was heard besides packets. */
  summary(): string[] {
    return [...this.#directions.values()].map(({ name, dir, counts }) => {
      const { sessions, repetitions, acks, handshakes, unknown } = counts;
      return [
        `"${name}" ${dir}: heard ${count(sessions, 'session')}`,
        count(repetitions, 'repetition'),
        count(acks, 'acknowledgement'),
        `${count(handshakes, 'handshake frame')}`,
        `${count(unknown, 'frame')} of no known session`,
      ].join(', ');
    });
  }

  #take(frames: readonly HeardFrame[], direction: Direction, take: RecordConsumer): void | Promise<void> {
    let waiting: Promise<void> | undefined;
    for (const frame of frames) {
      const onWire = direction.waiting.shift()!;
      const pass = () => take(this.#recordOf(frame, onWire, direction));
      waiting = (waiting === undefined ? pass() : waiting.then(pass)) || undefined;
    }
    return waiting;
  }

  #recordOf(frame: HeardFrame, onWire: PacketRecord, direction: Direction): PacketRecord {
    const { counts } = direction;
    const hidden: PacketRecord = { ...onWire, isHidden: true };
    const { timeUs, name, dir } = onWire;
    switch (frame.type) {
      case 'open':
      case 'status':
      case 'noSession':
        counts.handshakes++;
        this.#report({ timeUs, name, dir, ...handshakeEvent(frame) });
        return hidden;
      case 'unknown':
        counts.unknown++;
        this.#doubt(direction, timeUs);
        return unknown(onWire);
    }
    if (frame.session !== direction.session) {
      direction.session = frame.session;
      counts.sessions++;
      this.#report({ timeUs, name, dir, ...sessionEvent(frame) });
    }
    if (frame.type === 'ack') {
      counts.acks++;
      return hidden;
    }
    if (!frame.isNew) {
      counts.repetitions++;
      return hidden;
    }
    const { type, number, payload } = frame;
    return { timeUs, name, dir, length: payload.length, bytes: payload, heard: { type, number }, onWire };
  }

  #doubt({ name, dir, session, counts }: Direction, timeUs: number): void {
    if (!this.#isDoubtReported && session === undefined && counts.unknown === SUSPICIOUS_FRAMES) {
      this.#isDoubtReported = true;
      const event = 'noneHeard';
      const text = `${counts.unknown} frames heard, but no session: check that the line uses acknowledged delivery, and the baud rate`;
      this.#report({ timeUs, name, dir, event, text });
    }
  }
}

function unknown(record: PacketRecord): PacketRecord {
  return { ...record, bytes: record.bytes.subarray(0, HEAD_BYTES), error: 'checksum', onWire: record };
}

function handshakeEvent(frame: HandshakeFrame): Pick<SessionEvent, 'event' | 'text' | 'details'> {
  const { version } = frame;
  const versionText = version === 1 ? '' : `, version ${version}`;
  switch (frame.type) {
    case 'open': {
      const { window, maxPacketBytes } = frame;
      const sizes = `window ${window}, packets up to ${count(maxPacketBytes, 'byte')}`;
      const text = `OPEN: the host asks for a session, H ${hex(frame.h)}, ${sizes}${versionText}`;
      return { event: 'open', text, details: { version, h: hex(frame.h), window, maxPacketBytes } };
    }
    case 'status': {
      const { h, d, receiveWindow, sendWindow, receiveMaxPacketBytes, sendMaxPacketBytes } = frame;
      const receives = `receives ${count(receiveWindow, 'packet')} up to ${count(receiveMaxPacketBytes, 'byte')}`;
      const sends = `sends ${sendWindow} up to ${count(sendMaxPacketBytes, 'byte')}`;
      const text = `STATUS: the device answers, H ${hex(h)}, D ${hex(d)}, ${receives}, ${sends}${versionText}`;
      const sizes = { receiveWindow, sendWindow, receiveMaxPacketBytes, sendMaxPacketBytes };
      return { event: 'status', text, details: { version, h: hex(h), d: hex(d), ...sizes } };
    }
    case 'noSession': {
      const text = `NO_SESSION: the device has no session, D ${hex(frame.d)}${versionText}`;
      return { event: 'noSession', text, details: { version, d: hex(frame.d) } };
    }
  }
}

function sessionEvent(frame: Extract<HeardFrame, { session: HeardSession }>) {
  const { key, status } = frame.session;
  const isExact = frame.type === 'ack' || frame.isExact;
  const from = status === undefined ? ', without its handshake' : '';
  const window = isExact ? '' : '; a window of 8 or less is assumed until an acknowledgement is heard';
  return { event: 'session', text: `session ${hex(key)}${from}${window}`, details: { key: hex(key) } };
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}
