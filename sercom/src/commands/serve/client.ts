import type { Socket } from 'node:net';
import { PeerWatch } from 'serial-communicator';
import { printMessage } from '../../terminal/message.js';
import { count } from '../../text/count.js';
import { countFrames, FrameCutter } from './frame-cutter.js';
import { Lane } from './lane.js';
import { Outlet } from './outlet.js';
import { type ClientLosses, noLosses } from './traffic.js';
import { WebGuard } from './web-guard.js';

/** A client is not read while more than this waits for the port. */
const LANE_BYTES = 65_536;

/** How long a client that is closed may take to receive what was sent to it. */
const CLOSE_MS = 500;

const VANISHED = 'vanished';

/** How a connection that fails has ended, by the code of the operating system. */
const ENDINGS: Readonly<Record<string, string>> = {
  ECONNRESET: 'disconnected',
  EPIPE: 'disconnected',
  ETIMEDOUT: VANISHED,
  EHOSTUNREACH: VANISHED,
};

/** Why bytes of a client are discarded, and what to print about that. */
export interface Refusal {
  readonly loss: keyof ClientLosses;
  readonly text: string;
}

/** How clients are served. */
export interface ClientSettings {
  /** Whether whole frames are exchanged, and not bytes. */
  readonly isFramed: boolean;
  /** Maximum length of a frame from a client, delimiter included. */
  readonly maxFrameBytes: number;
  /** How many bytes may wait for a slow client. */
  readonly queueBytes: number;
}

/** What a client needs of the others. */
export interface ClientOwner {
  /** Why what a client sends is discarded. Undefined if it is not. Called when there are whole frames, or bytes. */
  refusal(client: Client): Refusal | undefined;
  /** There is more in the lane of a client, or nothing any more. */
  laneChanged(lane: Lane): void;
  /** The client was closed, for this reason, and what it had asked for is done. */
  left(client: Client, why: string): void;
}

/** What lies between the bytes on a socket and those of the line. */
export interface Encoding {
  /** Takes bytes of the socket. */
  push(chunk: Uint8Array): void;
  /** The bytes to send for bytes of the line. */
  encode(bytes: Uint8Array): Uint8Array;
  /** The client has left, and what it had asked for is done. */
  left(): void;
}

/** One client: what it sends goes to its lane, and what the device sends to its socket. */
export class Client {
  readonly name: string;
  /** What it has sent, on the way to the port. */
  readonly lane: Lane;
  readonly losses = noLosses();
  /** Resolves when its socket is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #settings: ClientSettings;
  readonly #owner: ClientOwner;
  readonly #outlet: Outlet;
  readonly #cutter: FrameCutter | undefined;
  #encoding: Encoding | undefined;
  /** Whether something that it has asked for is being done. */
  #isBusy = false;
  /** Resolves when that is done. */
  #done = Promise.resolve();
  #lastRefusal: Refusal['loss'] | undefined;
  #receivedFrames = 0;
  #receivedBytes = 0;
  #ending = 'disconnected';

  /** @param isGuarded - whether the client may be a web page */
  constructor(name: string, socket: Socket, isGuarded: boolean, settings: ClientSettings, owner: ClientOwner) {
    const { isFramed, maxFrameBytes, queueBytes } = settings;
    this.name = name;
    this.#socket = socket;
    this.#settings = settings;
    this.#owner = owner;
    this.#cutter = isFramed ? new FrameCutter(maxFrameBytes) : undefined;
    // A Unix socket has no address, and its peer cannot vanish.
    const peer =
      socket.remoteAddress === undefined
        ? undefined
        : new PeerWatch(socket, undefined, { vanished: () => this.#vanished() });
    const encode = (bytes: Uint8Array) => this.#encoding?.encode(bytes) ?? bytes;
    this.#outlet = new Outlet(socket, queueBytes, isFramed, encode, () => peer?.wrote());
    this.lane = new Lane(isFramed, {
      drained: () => this.#readOn(),
      dropped: (amount) => {
        this.losses.portLost += amount;
      },
    });
    const guard = new WebGuard(
      (bytes) => (this.#encoding === undefined ? this.submit(bytes) : this.#encoding.push(bytes)),
      (what) => this.#cutOff(`it began with ${what}, as web pages do; nothing of it reached the port`),
    );
    if (!isGuarded) {
      guard.release();
    }
    socket.on('data', (chunk: Buffer) => {
      if (peer !== undefined) {
        peer.heard = true;
      }
      guard.push(chunk);
    });
    socket.once('end', () => guard.release());
    socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      this.#ending = ENDINGS[code] ?? `lost: ${message}`;
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        peer?.close();
        guard.close();
        resolve();
        void this.#done.then(() => {
          this.#encoding?.left();
          this.losses.unfinishedBytes = this.#cutter?.unfinishedBytes ?? 0;
          owner.left(this, this.#ending);
        });
      });
    });
  }

  /** Puts an encoding between the socket and the line. Called at most once, before anything is received. */
  encodeWith(encoding: Encoding): void {
    this.#encoding = encoding;
  }

  /** Frames of the device that were sent to the client. 0 if there are no frames. */
  get receivedFrames(): number {
    return this.#receivedFrames;
  }

  /** Bytes of the device that were sent to the client. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Sends whole frames, or bytes, of the device. They must not be changed after the call. */
  deliver(bytes: Uint8Array, frames: number): void {
    if (!this.#socket.writable) {
      return;
    }
    if (this.#outlet.deliver(bytes)) {
      this.#receivedFrames += frames;
      this.#receivedBytes += bytes.length;
    } else {
      this.#isTooSlow(frames);
    }
  }

  /** Sends bytes that are not of the device, such as an answer of the protocol. */
  answer(bytes: Uint8Array): void {
    if (this.#socket.writable && !this.#outlet.answer(bytes)) {
      this.#cutOff('it does not read what it has asked for');
    }
  }

  /** Takes bytes for the line. */
  submit(bytes: Uint8Array): void {
    const data = this.#cutter === undefined ? bytes : this.#cut(this.#cutter, bytes);
    if (data === undefined) {
      return;
    }
    const refusal = this.#owner.refusal(this);
    if (refusal !== undefined) {
      this.losses[refusal.loss] += this.#amountOf(data);
      if (this.#lastRefusal !== refusal.loss) {
        printMessage(`${this.name}: ${refusal.text}`);
      }
    } else {
      this.lane.append(data);
      this.#owner.laneChanged(this.lane);
      if (this.lane.waitingBytes > LANE_BYTES) {
        this.#socket.pause();
      }
    }
    this.#lastRefusal = refusal?.loss;
  }

  /** Sends nothing of the device any more, or continues. */
  suspend(isSuspended: boolean): void {
    this.#outlet.suspend(isSuspended);
  }

  /** Drops what waits for the client, or what it has sent and the port has not got yet. */
  purge({ received, unsent }: { received: boolean; unsent: boolean }): void {
    if (received) {
      this.losses.purged += this.#amountOf(this.#outlet.purge());
    }
    if (unsent) {
      this.losses.purged += this.lane.purge();
      this.#owner.laneChanged(this.lane);
    }
  }

  /** Drops what it has sent before it left and the port has not got yet. */
  abandon(): void {
    const amount = this.lane.purge();
    this.losses.abandoned += amount;
    this.#owner.laneChanged(this.lane);
    const dropped = count(amount, this.#settings.isFramed ? 'frame' : 'byte');
    printMessage(`${this.name}: dropping ${dropped} that the device has not accepted: others want to connect`);
  }

  /** Stops reading the client until the promise settles. Even if its socket is closed, it stays until then. */
  waitFor(work: Promise<unknown>): void {
    this.#isBusy = true;
    this.#socket.pause();
    const done = () => {
      this.#isBusy = false;
      this.#readOn();
    };
    this.#done = work.then(done, done);
  }

  /** Closes the client after it has received what was sent to it. */
  async close(): Promise<void> {
    this.#outlet.push();
    // Without reading, the end of the client would not be noticed.
    this.#socket.removeAllListeners('data').resume().end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_MS);
    await this.closed;
    clearTimeout(timer);
  }

  /** What is on the way to it cannot arrive, and what it has sent is taken already. */
  #vanished(): void {
    this.#ending = VANISHED;
    this.#socket.resetAndDestroy();
  }

  #cutOff(why: string): void {
    this.#ending = `cut off: ${why}`;
    this.#socket.destroy();
  }

  #cut(cutter: FrameCutter, chunk: Uint8Array): Uint8Array | undefined {
    const frames = cutter.push(chunk);
    if (cutter.tooLongFrames > 0 && this.losses.tooLong === 0) {
      const limit = count(this.#settings.maxFrameBytes, 'byte');
      const advice = 'raise --max-packet, or use --bytes if what it sends has no delimiters';
      printMessage(`${this.name}: discarding a frame longer than ${limit}; ${advice}`);
    }
    this.losses.tooLong = cutter.tooLongFrames;
    // The delimiters in front are for a device that may have half a frame. This one has whole frames only.
    const start = frames?.findIndex((byte) => byte !== 0) ?? -1;
    return start < 0 ? undefined : frames?.subarray(start);
  }

  #isTooSlow(frames: number): void {
    const waiting = `${count(this.#outlet.waitingBytes, 'byte')} wait for it`;
    if (!this.#settings.isFramed) {
      this.#cutOff(`it is too slow: ${waiting}, and no bytes may be left out; raise --client-queue`);
      return;
    }
    if (this.losses.tooSlow === 0) {
      printMessage(`${this.name}: losing frames: it is too slow, and ${waiting}; raise --client-queue`);
    }
    this.losses.tooSlow += frames;
  }

  /** Frames, or bytes if there are no frames. */
  #amountOf(data: Uint8Array): number {
    return this.#settings.isFramed ? countFrames(data) : data.length;
  }

  #readOn(): void {
    if (!this.#isBusy && this.lane.waitingBytes <= LANE_BYTES / 2 && this.#socket.isPaused()) {
      this.#socket.resume();
    }
  }
}
