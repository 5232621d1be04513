import type { Batch, ErrorAnswer, Hello } from '../../src/web/protocol.js';
import { reported } from './reported.js';
import { EventParser, type ServerEvent } from './sse.js';

/** How the feed is doing, for the header. */
export type FeedStatus =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** Lost or refused for now; tries again after a delay. */
  | { readonly kind: 'waiting'; readonly problem: string; readonly delayMs: number }
  /** Stopped on purpose, because nobody sees the page. */
  | { readonly kind: 'paused' }
  /** sercom has said that it ends. Goes on only if the user wants it. */
  | { readonly kind: 'ended' }
  /** Lost for too long to try again by itself. */
  | { readonly kind: 'lost'; readonly problem: string }
  /** Trying again would not help: the token is wrong. */
  | { readonly kind: 'refused'; readonly problem: string };

/** Whether it has stopped for good: until the user decides otherwise, nothing should be sent any more. */
export function isGivenUp({ kind }: FeedStatus): boolean {
  return kind === 'ended' || kind === 'lost' || kind === 'refused';
}

export interface FeedOptions {
  readonly token: string;
  onHello(hello: Hello): void;
  onBatch(batch: Batch): void;
  onStatus(status: FeedStatus): void;
  /** Default: the server that the page came from. */
  readonly url?: string;
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;

/**
 * How long to try again. Each attempt carries the token: when sercom has ended, its port is free for any program of any user,
 * which would be handed it.
 */
const GIVE_UP_MS = 60_000;

/** Why nothing comes, or nothing can be asked. */
export const NO_CONNECTION = 'no connection to sercom';

/** The server sends something every 10 s. Without anything for this long, the connection is dead. */
const SILENCE_MS = 30_000;

/** The stream of batches. Connects again when it is lost, less and less often, and for a minute at most. */
export class Feed {
  readonly #options: FeedOptions;
  #attempt: AbortController | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #delayMs = FIRST_DELAY_MS;
  /** When it was lost, in milliseconds. Set until it is open again. */
  #lostAt: number | undefined;
  /** Only the user can tell whether it is still sercom that listens. */
  #isGivenUp = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Connects, at once if it is waiting to try again. Nothing happens if it is connected, or has given up. */
  start(): void {
    if (this.#attempt !== undefined || this.#isGivenUp) {
      return;
    }
    clearTimeout(this.#retry);
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#options.onStatus({ kind: 'connecting' });
    void this.#run(attempt);
  }

  /** Connects because the user wants it, also after it has given up. */
  reconnect(): void {
    this.#isGivenUp = false;
    this.#lostAt = undefined;
    this.#delayMs = FIRST_DELAY_MS;
    this.start();
  }

  /** Disconnects. Nothing is received from then on. */
  stop(): void {
    clearTimeout(this.#retry);
    this.#attempt?.abort();
    this.#attempt = undefined;
    if (!this.#isGivenUp) {
      this.#options.onStatus({ kind: 'paused' });
    }
  }

  async #run(attempt: AbortController): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.#receive(attempt);
    } catch (error) {
      const isTold = error instanceof Refusal || error instanceof RangeError;
      outcome = { kind: 'lost', problem: isTold ? error.message : NO_CONNECTION };
    }
    // Reads nothing more of a stream that could not be understood.
    attempt.abort();
    if (this.#attempt !== attempt) {
      return;
    }
    this.#attempt = undefined;
    const status = outcome.kind === 'refused' ? outcome : this.#lost(outcome.problem);
    this.#isGivenUp = isGivenUp(status);
    this.#options.onStatus(status);
    if (status.kind === 'waiting') {
      this.#retry = setTimeout(() => this.start(), status.delayMs);
    }
  }

  /** @returns why nothing more is received */
  async #receive(attempt: AbortController): Promise<Outcome> {
    const silence = watch(() => attempt.abort(), SILENCE_MS);
    try {
      const response = await fetch(this.#options.url ?? 'api/feed', {
        headers: { Authorization: `Bearer ${this.#options.token}`, Accept: 'text/event-stream' },
        cache: 'no-store',
        signal: attempt.signal,
      });
      if (response.status === 401) {
        return { kind: 'refused', problem: await problemOf(response) };
      }
      if (!response.ok || response.body === null) {
        throw new Refusal(await problemOf(response));
      }
      const parser = new EventParser((event) => {
        if (this.#attempt === attempt) {
          this.#take(event);
        }
      });
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        silence.restart();
        parser.push(decoder.decode(read.value, { stream: true }));
      }
      return { kind: 'lost', problem: NO_CONNECTION };
    } finally {
      silence.stop();
    }
  }

  #take({ type, data }: ServerEvent): void {
    if (type === 'hello') {
      this.#delayMs = FIRST_DELAY_MS;
      this.#lostAt = undefined;
      const hello: Hello = JSON.parse(data);
      reported(() => this.#options.onHello(hello));
      reported(() => this.#options.onStatus({ kind: 'open' }));
      return;
    }
    const batch: Batch = JSON.parse(data);
    reported(() => this.#options.onBatch(batch));
    if (batch.end?.isOver === false) {
      this.#end();
    }
  }

  /** Does not wait for the end of the stream: sercom may be killed before. */
  #end(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#isGivenUp = true;
    reported(() => this.#options.onStatus({ kind: 'ended' }));
  }

  /** Whether, and when, to try again. */
  #lost(problem: string): FeedStatus {
    const now = performance.now();
    this.#lostAt ??= now;
    const delayMs = this.#delayMs;
    if (now + delayMs - this.#lostAt > GIVE_UP_MS) {
      return { kind: 'lost', problem };
    }
    this.#delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
    return { kind: 'waiting', problem, delayMs };
  }
}

/** Why nothing more is received. */
type Outcome = { readonly kind: 'refused' | 'lost'; readonly problem: string };

/** The server answered, but with no feed. */
class Refusal extends Error {}

/** What the server says is wrong. */
export async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { problem }: Partial<ErrorAnswer> = JSON.parse(text);
    if (typeof problem === 'string' && problem !== '') {
      return problem;
    }
  } catch {
    // Not an answer of sercom, perhaps of a proxy.
  }
  return `the server answered with status ${response.status}`;
}

/** Calls a function when it has not been restarted for some time. */
function watch(onSilence: () => void, silenceMs: number): { restart(): void; stop(): void } {
  let lastAt = performance.now();
  // Timers are not restarted for each of many chunks: one that looks from time to time costs less.
  const timer = setInterval(() => {
    if (performance.now() - lastAt > silenceMs) {
      onSilence();
    }
  }, silenceMs / 6);
  return {
    restart() {
      lastAt = performance.now();
    },
    stop() {
      clearInterval(timer);
    },
  };
}
