import type { ServerResponse } from 'node:http';

/** How often to look whether it is time for a sign of life. */
const CHECKS = 2;

/**
 * Events that a server sends over one answer that does not end. It never holds more than one event that the client has not
 * begun to take: while it is blocked, nothing may be sent.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #timer: NodeJS.Timeout;
  #lastSentMs = performance.now();

  /**
   * @param keepAliveMs - how often to send a comment, if there is nothing else
   * @param unblocked - called when events can be sent again
   * @param closed - called when the client has left, or everything is sent after {@link end}
   */
  constructor(response: ServerResponse, keepAliveMs: number, unblocked: () => void, closed: () => void) {
    this.#response = response;
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    response.flushHeaders();
    response.on('drain', unblocked);
    this.#timer = setInterval(() => {
      if (!this.isBlocked && performance.now() - this.#lastSentMs >= keepAliveMs - keepAliveMs / CHECKS) {
        this.#write(':\n\n');
      }
    }, keepAliveMs / CHECKS);
    response.once('close', () => {
      clearInterval(this.#timer);
      closed();
    });
  }

  /** Whether the client has not taken what was sent. */
  get isBlocked(): boolean {
    return this.#response.writableNeedDrain || this.#response.writableEnded;
  }

  send(event: string, value: unknown): void {
    this.#write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
  }

  /** Ends the answer when everything has been sent. */
  end(): void {
    this.#response.end();
  }

  #write(text: string): void {
    this.#lastSentMs = performance.now();
    this.#response.write(text);
  }
}
