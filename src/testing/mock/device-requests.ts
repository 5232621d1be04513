import { checkOptions, invalidOption, millisecondsFrom1 } from '../../options.js';
import { DeviceIds, ERROR_CODES, type Split } from '../device-ids.js';

const ERROR_TEXTS = new Map<number, string>([
  [ERROR_CODES.handlerFailed, 'its handler failed'],
  [ERROR_CODES.noHandler, 'it has no handler'],
]);

const DEFAULT_TIMEOUT_MS = 1_000;

/** Options of one `MockDevice.request`. */
export interface MockRequestOptions {
  /**
   * How long to wait for the reply, in milliseconds, from when the request is in the port's buffer, or, with acknowledged
   * delivery, from when the host has taken it. Default: 1,000.
   */
  timeoutMs?: number;
}

/** A request of the device that waits for its reply. */
interface WaitingRequest {
  resolve(reply: Uint8Array): void;
  reject(error: Error): void;
}

/** The ids of one device, and its own requests. */
export class DeviceRequests extends DeviceIds {
  readonly #path: string;
  readonly #send: (packet: Uint8Array) => Promise<void>;
  readonly #waiting = new Map<number, WaitingRequest>();
  #latestId: number;
  #lateReplies = 0;

  /** @param send - sends a packet that has its id */
  constructor(path: string, idBytes: number, send: (packet: Uint8Array) => Promise<void>) {
    super(idBytes);
    this.#path = path;
    this.#latestId = this.top;
    this.#send = send;
  }

  /** Number of replies that no request waited for: late, repeated or malformed ones. */
  get lateReplies(): number {
    return this.#lateReplies;
  }

  /** Takes a packet that is a reply to a request of the device. Returns false if it is none. */
  takeReply({ id, payload }: Split): boolean {
    if (id < this.top) {
      return false;
    }
    const error = id === this.top ? this.splitError(payload) : undefined;
    const request = this.#waiting.get(error?.id ?? id);
    if (request === undefined) {
      this.#lateReplies++;
    } else if (error === undefined) {
      request.resolve(payload);
    } else {
      const { replyCode } = error;
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
    let isWaiting = true;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#send(this.join(id, packet)).then(() => {
          // With acknowledged delivery, the reply may come first.
          if (isWaiting) {
            timer = setTimeout(() => reject(this.#error(`no reply within ${timeoutMs} ms`)), timeoutMs);
          }
        }, reject);
      });
    } finally {
      isWaiting = false;
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
    const ids = this.top - 1;
    if (this.#waiting.size === ids) {
      throw this.#error(`all ${ids} ids are in use; await earlier requests`);
    }
    do {
      this.#latestId = this.#latestId === 2 * this.top - 1 ? this.top + 1 : this.#latestId + 1;
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
