import { checkOptions, invalidOption, millisecondsFrom1 } from '../../options.js';

/*
 * Ids and requests as the device sees them. They share no code with the requests of the library, so that a fault there
 * meets an independent implementation.
 */

/** Codes of an error reply. */
export const ERROR_CODES = { handlerFailed: 1, noHandler: 2 } as const;

const ERROR_TEXTS = new Map<number, string>([
  [ERROR_CODES.handlerFailed, 'its handler failed'],
  [ERROR_CODES.noHandler, 'it has no handler'],
]);

const DEFAULT_TIMEOUT_MS = 1_000;

/** Options of one `MockDevice.request`. */
export interface MockRequestOptions {
  /** How long to wait for the reply, in milliseconds, from when the request is in the port's buffer. Default: 1,000. */
  timeoutMs?: number;
}

/** A request of the device that waits for its reply. */
interface WaitingRequest {
  resolve(reply: Uint8Array): void;
  reject(error: Error): void;
}

/** The parts of a received packet. */
interface Split {
  readonly id: number;
  readonly payload: Uint8Array;
}

/** The ids of one device, and its own requests. */
export class DeviceRequests {
  readonly #path: string;
  readonly #idBytes: number;
  /** The top bit: the id of an error reply. The ids of the device's own requests are above it. */
  readonly #top: number;
  readonly #send: (packet: Uint8Array) => Promise<void>;
  readonly #waiting = new Map<number, WaitingRequest>();
  #latestId: number;
  #lateReplies = 0;

  /** @param send - sends a packet that has its id */
  constructor(path: string, idBytes: number, send: (packet: Uint8Array) => Promise<void>) {
    this.#path = path;
    this.#idBytes = idBytes;
    this.#top = idBytes === 1 ? 0x80 : 0x8000;
    this.#latestId = this.#top;
    this.#send = send;
  }

  /** Number of replies that no request waited for: late, repeated or malformed ones. */
  get lateReplies(): number {
    return this.#lateReplies;
  }

  /** Puts an id before a packet. */
  join(id: number, payload: Uint8Array): Uint8Array {
    const idBytes = this.#idBytes === 1 ? [id] : [id >> 8, id & 0xff];
    return Uint8Array.of(...idBytes, ...payload);
  }

  /** Takes the id off a packet, which must be long enough for one. */
  split(packet: Uint8Array): Split {
    const id = this.#idBytes === 1 ? packet[0]! : packet[0]! * 256 + packet[1]!;
    return { id, payload: packet.slice(this.#idBytes) };
  }

  /** The error reply to a request of the host. */
  errorReply(id: number, code: number): Uint8Array {
    return this.join(this.#top, this.join(id, Uint8Array.of(code)));
  }

  /** Takes a packet that is a reply to a request of the device. Returns false if it is none. */
  takeReply({ id, payload }: Split): boolean {
    if (id < this.#top) {
      return false;
    }
    const error = id === this.#top && payload.length === this.#idBytes + 1 ? this.split(payload) : undefined;
    const request = this.#waiting.get(error?.id ?? id);
    if (request === undefined) {
      this.#lateReplies++;
    } else if (error === undefined) {
      request.resolve(payload);
    } else {
      const replyCode = error.payload[0]!;
      const text = ERROR_TEXTS.get(replyCode) ?? 'unknown to MockDevice';
      const message = `the host replied with error ${replyCode}: ${text}`;
      request.reject(Object.assign(this.#error(message), { replyCode }));
    }
    return true;
  }

  /** Sends a request and resolves with the reply of the host. */
  async request(packet: Uint8Array, options: MockRequestOptions): Promise<Uint8Array> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = checkOptions(`MockDevice ${this.#path}: request`, options, {
      timeoutMs: millisecondsFrom1,
    });
    const id = this.#freeId();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#send(this.join(id, packet)).then(() => {
          timer = setTimeout(() => reject(this.#error(`no reply within ${timeoutMs} ms`)), timeoutMs);
        }, reject);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Rejects every request that waits for its reply. */
  rejectAll(why: string): void {
    for (const { reject } of this.#waiting.values()) {
      reject(this.#error(`no reply, ${why}`));
    }
  }

  #freeId(): number {
    const ids = this.#top - 1;
    if (this.#waiting.size === ids) {
      throw this.#error(`all ${ids} ids are in use; await earlier requests`);
    }
    do {
      this.#latestId = this.#latestId === 2 * this.#top - 1 ? this.#top + 1 : this.#latestId + 1;
    } while (this.#waiting.has(this.#latestId));
    return this.#latestId;
  }

  #error(message: string): Error {
    return new Error(`MockDevice ${this.#path}: request: ${message}`);
  }
}

/** The error of a request of a device without ids. */
export function needsRequestIds(path: string): Error {
  return invalidOption(`MockDevice ${path}: request needs the option requestIds, for example { bytes: 1 }`);
}
