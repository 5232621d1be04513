import type { DeliveryStats } from '../../src/delivery/delivery-stats.js';
import { newDeliveryStats } from '../../src/delivery/delivery-stats.js';
import { type DeliveryListener, OutgoingPacket } from '../../src/delivery/outgoing-packet.js';
import { PacketQueue } from '../../src/delivery/packet-queue.js';
import { Session } from '../../src/delivery/session.js';
import {
  HANDSHAKE_KEY,
  type HandshakeFrame,
  handshakeBody,
  headerBytes,
  type OpenFrame,
  PROTOCOL_VERSION,
  readHandshake,
  type StatusFrame,
  sessionKey,
} from '../../src/delivery/wire-format.js';
import { hasCrc32 } from '../../src/framing/crc.js';
import { FrameDecoder } from '../../src/framing/frame-decoder.js';
import { encodeFrame } from '../../src/framing/frame-encoder.js';

/** Sizes of an {@link Answerer}. */
export interface AnswererSettings {
  version?: number;
  receiveWindow: number;
  sendWindow: number;
  receiveMaxPacketBytes: number;
  sendMaxPacketBytes: number;
  baudRate: number;
  pollMs: number;
  /** 0, or a number that no earlier start has had, times 65,536. */
  startCounter: number;
  /** A mistake: a session begins with OPEN, not with the first frame. */
  confirmsAtOnce?: boolean;
}

/** The device's side of acknowledged delivery: the answerer. It writes one frame at a time. */
export class Answerer {
  readonly stats: DeliveryStats = newDeliveryStats();
  /** What waits to be sent. */
  readonly queues = { packets: new PacketQueue(), datagrams: new PacketQueue() };
  readonly #settings: AnswererSettings;
  readonly #onReset: () => void;
  readonly #decoder: FrameDecoder;
  #d: number;
  #session: Session | undefined;
  /** Of the latest OPEN, until a frame of its session arrives. */
  #candidate: { h: number; status: StatusFrame } | undefined;
  /** The H of the OPEN that made the session. */
  #sessionH = 0;
  #answer: HandshakeFrame | undefined;

  /** @param onReset - called when another session has replaced the last one, after its packets have failed */
  constructor(settings: AnswererSettings, onReset: () => void) {
    this.#settings = settings;
    this.#onReset = onReset;
    this.#d = settings.startCounter;
    const bodyBytes = headerBytes(32) + settings.receiveMaxPacketBytes + 4;
    this.#decoder = new FrameDecoder({ maxPacketBytes: Math.max(20, bodyBytes) });
    this.#answer = { type: 'noSession', version: PROTOCOL_VERSION, d: this.#d };
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get dueAtMs(): number {
    return this.#session?.dueAtMs ?? Number.POSITIVE_INFINITY;
  }

  advance(nowMs: number): void {
    this.#session?.advance(nowMs);
  }

  send(payload: Uint8Array, listener: DeliveryListener): OutgoingPacket {
    const packet = new OutgoingPacket(payload, Number.POSITIVE_INFINITY, listener);
    this.stats.packetsAccepted++;
    this.queues.packets.push(packet);
    return packet;
  }

  sendDatagram(payload: Uint8Array, listener: DeliveryListener): void {
    this.stats.packetsAccepted++;
    this.queues.datagrams.push(new OutgoingPacket(payload, Number.POSITIVE_INFINITY, listener));
  }

  take(): Uint8Array | undefined {
    return this.#session?.take();
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    this.#decoder.push(bytes.slice());
    for (let body = this.#decoder.next(); body !== undefined; body = this.#decoder.next()) {
      if (!(body instanceof Uint8Array)) {
        this.stats.invalidFrames++;
      } else if (body[0]! >> 6 === 3) {
        this.#receiveHandshake(body, nowMs);
      } else {
        this.#receiveSessionFrame(body, nowMs);
      }
    }
  }

  write(target: Uint8Array, offset: number, nowMs: number): number {
    if (this.#answer !== undefined) {
      const body = handshakeBody(this.#answer);
      this.stats.handshakesSent++;
      this.#answer = undefined;
      target[offset] = 0;
      return encodeFrame(body, target, offset + 1);
    }
    return this.#session?.write(target, offset, nowMs, 1) ?? offset;
  }

  #receiveHandshake(body: Uint8Array, nowMs: number): void {
    const frame = isSealed(body, HANDSHAKE_KEY) ? readHandshake(body.subarray(0, -4)) : undefined;
    if (frame === undefined) {
      this.stats.invalidFrames++;
      return;
    }
    this.stats.handshakesReceived++;
    if (frame.type === 'open') {
      this.#receiveOpen(frame, nowMs);
    } else {
      this.stats.handshakesIgnored++;
    }
  }

  #receiveOpen(open: OpenFrame, nowMs: number): void {
    const settings = this.#settings;
    if (open.h === this.#candidate?.h) {
      this.#answer = this.#candidate.status;
      return;
    }
    if (this.#d !== 0) {
      this.#d++;
    }
    const status: StatusFrame = {
      type: 'status',
      version: settings.version ?? PROTOCOL_VERSION,
      h: open.h,
      d: this.#d,
      receiveWindow: settings.receiveWindow,
      sendWindow: Math.min(settings.sendWindow, open.window),
      receiveMaxPacketBytes: settings.receiveMaxPacketBytes,
      sendMaxPacketBytes: settings.sendMaxPacketBytes,
    };
    this.#answer = status;
    if (open.version === status.version && (this.#d !== 0 || open.h !== this.#sessionH)) {
      this.#candidate = { h: open.h, status };
      if (settings.confirmsAtOnce) {
        this.#confirm(status, nowMs);
      }
    }
  }

  #receiveSessionFrame(body: Uint8Array, nowMs: number): void {
    const candidate = this.#candidate;
    if (this.#session !== undefined && isSealed(body, this.#session.settings.key)) {
      this.#session.receive(body.subarray(0, -4), nowMs);
    } else if (candidate !== undefined && isSealed(body, sessionKey(candidate.h, candidate.status.d))) {
      this.#confirm(candidate.status, nowMs);
      this.#session!.receive(body.subarray(0, -4), nowMs);
    } else {
      this.stats.invalidFrames++;
      if (this.#session === undefined && (candidate === undefined || this.#d !== 0) && body.length >= 7) {
        this.#answer ??= { type: 'noSession', version: PROTOCOL_VERSION, d: this.#d };
      }
    }
  }

  #confirm(status: StatusFrame, nowMs: number): void {
    this.#candidate = undefined;
    const before = this.#session;
    const { packets, datagrams } = this.queues;
    const unsettled = [...(before?.end() ?? []), ...packets.remove(() => true), ...datagrams.remove(() => true)];
    this.#sessionH = status.h;
    const { baudRate, pollMs } = this.#settings;
    this.#session = new Session(
      {
        key: sessionKey(status.h, status.d),
        d: status.d,
        sendWindow: status.sendWindow,
        receiveWindow: status.receiveWindow,
        sendMaxPacketBytes: status.sendMaxPacketBytes,
        receiveMaxPacketBytes: status.receiveMaxPacketBytes,
        baudRate,
        pollMs,
        roundTripMs: undefined,
      },
      this.queues,
      this.stats,
      nowMs,
      false,
    );
    this.stats.sessions++;
    for (const packet of unsettled) {
      this.stats.packetsFailed++;
      packet.failed('PEER_RESET');
    }
    if (before !== undefined) {
      this.#onReset();
    }
  }
}

function isSealed(body: Uint8Array, key: number): boolean {
  return body.length > 4 && hasCrc32(body, body.length - 4, key);
}
