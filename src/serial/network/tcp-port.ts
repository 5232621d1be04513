import type { OnReadOpts, Socket } from 'node:net';
import { setImmediate } from 'node:timers';
import { within } from '../../timing/patient-timer.js';
import { hangUp, reasonOf } from '../direct/direct-io.js';
import { Turn } from '../direct/turn.js';
import { type NetworkOpenOptions, OPEN_DEFAULTS, type Port, type PortListener, type PortOpenOptions } from '../port.js';
import { PortState } from '../port-state.js';
import { PeerWatch } from './dead-peer.js';

/** Size of a read. */
const CHUNK_BYTES = 65_536;

/** Holds the latest chunk of any socket: each chunk is used up before the next is read. Made with the first port. */
let chunkBuffer = new Uint8Array();

/** While the listener is not ready, reading continues up to this, so that the end of the connection is noticed. */
const KEPT_BYTES = 4_096;

/** Maximum bytes and calls to write before the event loop runs. */
const MAX_TURN_BYTES = 262_144;
const MAX_TURN_WRITES = 16;

/** How long closing reads on, so that unread bytes do not make the kernel discard what was written. */
const LINGER_MS = 200;

/** A port over a stream socket: TCP, or TLS over TCP. */
export class TcpPort implements Port {
  readonly openOptions: Required<PortOpenOptions>;
  readonly #socket: Socket;
  readonly #state = new PortState();
  readonly #closed: Promise<void>;
  readonly #keepAliveMs: number | undefined;
  #peer: PeerWatch | undefined;
  /** What arrived while the listener was not ready. */
  #rest: Uint8Array | undefined;
  #hasEnded = false;
  readonly #turn = new Turn(MAX_TURN_BYTES, MAX_TURN_WRITES);
  /** Number of writes, of those that the kernel has accepted, and of the one that waits for that. */
  #writes = 0;
  #acceptedWrites = 0;
  #awaitedWrite = 0;

  /** @param connect - makes the socket, which may still be connecting, and reads into these options */
  constructor(options: NetworkOpenOptions, connect: (onread: OnReadOpts) => Socket) {
    this.openOptions = complete(options);
    this.#keepAliveMs = options.keepAliveMs;
    if (chunkBuffer.length === 0) {
      chunkBuffer = new Uint8Array(CHUNK_BYTES);
    }
    this.#socket = connect({ buffer: chunkBuffer, callback: (bytes) => this.#read(bytes) });
    this.#socket.setNoDelay(true);
    this.#socket.once('end', () => this.#fail(hangUp('the server closed the connection')));
    this.#socket.on('error', (error) => this.#fail(hangUp(reasonOf(error), error)));
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#fail(hangUp('the connection was closed'));
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  /** Why the port hung up, if it did. */
  get failure(): Error | undefined {
    return this.#state.failure;
  }

  /** Resolves when the socket is closed. Never rejects. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** What was received and not yet passed on. */
  get unread(): Uint8Array | undefined {
    return this.#rest;
  }

  /** The socket is connected: from now on, a peer that vanishes is noticed. */
  watchPeer(): void {
    this.#peer = new PeerWatch(this.#socket, this.#keepAliveMs, {
      vanished: () => {
        reset(this.#socket);
        this.#fail(hangUp('the server does not answer any more'));
      },
      ended: () => this.#readRest(),
    });
    this.#peer.isReading = (this.#rest?.length ?? 0) < KEPT_BYTES;
  }

  start(listener: PortListener): void {
    this.#state.start(listener);
  }

  resume(): void {
    this.#state.resume();
    if (this.#state.isReady && this.#rest !== undefined) {
      // Not within this call.
      queueMicrotask(() => this.#readOn());
    }
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#state.assertCanWrite(bytes);
    const number = ++this.#writes;
    this.#peer?.wrote();
    this.#socket.write(bytes, this.#written);
    const isAccepted = this.#acceptedWrites === number || this.#socket.writableLength === 0;
    if (isAccepted && this.#state.isUsable && this.#turn.spend(bytes.length)) {
      return undefined;
    }
    const written = this.#state.beginWrite();
    if (isAccepted) {
      setImmediate(() => this.#state.endWrite());
    } else {
      this.#awaitedWrite = number;
    }
    return written;
  }

  async flush(): Promise<void> {
    this.#state.assertUsable();
    this.#passOnRest();
    // What the kernel has accepted can only be discarded with the connection: see close.
  }

  drain(): Promise<void> {
    return this.#state.drainWrite();
  }

  update(): Promise<void> {
    return this.#refuse('baud rate');
  }

  set(): Promise<void> {
    return this.#refuse('control lines');
  }

  get(): Promise<never> {
    return this.#refuse('control lines');
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#state.assertUsable();
    return { baudRate: this.openOptions.baudRate };
  }

  async close(): Promise<void> {
    const isStalled = this.#state.isWriting;
    this.#state.close();
    this.#peer?.close();
    this.#rest = undefined;
    const socket = this.#socket;
    if (isStalled) {
      reset(socket);
    } else if (!socket.destroyed) {
      socket.end();
      socket.resume();
      await within(LINGER_MS, this.#closed);
    }
    socket.destroy();
    await this.#closed;
  }

  async #refuse(what: string): Promise<never> {
    this.#state.assertUsable();
    const [scheme] = this.openOptions.path.split(':');
    throw new Error(`${scheme}:// has no ${what}; if the server speaks RFC 2217, use rfc2217://`);
  }

  /** The kernel has accepted a write. One function for all writes: they end in their order. */
  readonly #written = (error?: Error | null): void => {
    // Otherwise the socket reports an error.
    if (!error && ++this.#acceptedWrites === this.#awaitedWrite) {
      this.#turn.begin();
      this.#state.endWrite();
    }
  };

  /** Bytes are in the buffer. Returns whether to read on. */
  #read(bytes: number): boolean {
    if (!this.#state.isUsable) {
      return true;
    }
    if (this.#peer !== undefined) {
      this.#peer.heard = true;
    }
    this.#turn.begin();
    const chunk = chunkBuffer.subarray(0, bytes);
    if (!this.#state.isReady && !this.#hasEnded) {
      this.#rest = this.#rest === undefined ? chunk.slice() : Buffer.concat([this.#rest, chunk]);
      return this.#rest.length < KEPT_BYTES || this.#pause();
    }
    this.#state.receive(chunk);
    // Even if the listener is not ready: usually it is again before the next bytes arrive. If not, they are kept.
    return true;
  }

  /** Nothing more is read until the listener is ready. */
  #pause(): false {
    if (this.#peer !== undefined) {
      this.#peer.isReading = false;
    }
    return false;
  }

  /** The connection has ended while it was not read: passes on everything that was received before, and then hangs up. */
  #readRest(): void {
    if (!this.#state.wasResumed) {
      this.#fail(hangUp('the server closed the connection'));
      return;
    }
    this.#hasEnded = true;
    this.#passOnRest();
    this.#socket.resume();
  }

  #readOn(): void {
    if (this.#state.isReady && this.#rest !== undefined) {
      this.#passOnRest();
      if (this.#rest === undefined && this.#state.isUsable) {
        if (this.#peer !== undefined) {
          this.#peer.isReading = true;
        }
        this.#socket.resume();
      }
    }
  }

  #passOnRest(): void {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      this.#state.receive(rest);
    }
  }

  #fail(error: Error): void {
    if (this.#state.isUsable) {
      if (this.#state.wasResumed) {
        this.#passOnRest();
      }
      this.#state.fail(error);
    }
    this.#peer?.close();
    this.#socket.destroy();
  }
}

function complete(options: NetworkOpenOptions): Required<PortOpenOptions> {
  const { openTimeoutMs, keepAliveMs, tls, signal, ...given } = options;
  return { ...OPEN_DEFAULTS, ...given };
}

/** Closes a connection so that the kernel forgets what the peer has not accepted. */
function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    // A TLS socket cannot be reset.
    socket.destroy();
  }
}
