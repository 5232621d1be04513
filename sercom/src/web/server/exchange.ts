import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseObject, readBody } from './body.js';
import { Fields } from './fields.js';
import type { Limits } from './limits.js';

/** A request that may be carried out, and its answer. */
export class Exchange {
  readonly response: ServerResponse;
  readonly limits: Limits;
  readonly #request: IncomingMessage;
  readonly #gone = new AbortController();

  constructor(request: IncomingMessage, response: ServerResponse, limits: Limits) {
    this.#request = request;
    this.response = response;
    this.limits = limits;
    response.once('close', () => this.#gone.abort());
  }

  /** Aborted when the answer is complete, or the client has left before. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * The fields of its body.
   *
   * @throws Refusal
   */
  async fields(maxBytes = this.limits.bodyBytes): Promise<Fields> {
    return new Fields(parseObject(await readBody(this.#request, maxBytes)));
  }

  /** Answers with a value. */
  json(value: unknown): void {
    this.response.setHeader('Content-Type', 'application/json; charset=utf-8');
    this.response.end(JSON.stringify(value));
  }

  /** Answers with a file, as fast as the client takes it. */
  async file(type: string, chunks: AsyncIterable<string | Uint8Array>): Promise<void> {
    const { response, signal } = this;
    response.setHeader('Content-Type', type);
    response.setHeader('Content-Disposition', 'attachment');
    for await (const chunk of chunks) {
      if (signal.aborted) {
        return;
      }
      if (!response.write(chunk)) {
        // It is aborted if the client leaves.
        await once(response, 'drain', { signal }).catch(() => {});
      }
    }
    response.end();
  }

  /** The client may wait for the answer without limit, until the returned function is called. */
  awaitAnswer(): () => void {
    const { socket } = this.#request;
    socket.setTimeout(0);
    return () => void socket.setTimeout(this.limits.stallTimeoutMs);
  }
}
