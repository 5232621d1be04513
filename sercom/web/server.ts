import type {
  FindAnswer,
  FindRequest,
  LocateAnswer,
  LocateRequest,
  MarkRequest,
  PacketAnswer,
  PacketRequest,
  PlotAnswer,
  PlotRequest,
  RowsAnswer,
  RowsRequest,
  SavePlotRequest,
  SaveRequest,
  SendAnswer,
  SendRequest,
  ViewAnswer,
  ViewRequest,
} from '../src/web/protocol.js';
import { NO_CONNECTION, problemOf } from './feed/feed.js';

/** Requests and their answers, by the last part of their path. */
export interface Api {
  view: [ViewRequest, ViewAnswer];
  rows: [RowsRequest, RowsAnswer];
  locate: [LocateRequest, LocateAnswer];
  find: [FindRequest, FindAnswer];
  packet: [PacketRequest, PacketAnswer];
  plot: [PlotRequest, PlotAnswer];
  send: [SendRequest, SendAnswer];
  mark: [MarkRequest, Record<string, never>];
}

/** The server refused a request, or cannot be reached. The message is for the user. */
export class ServerProblem extends Error {
  override readonly name = 'ServerProblem';
  /** The status of the answer; 0 if there was none. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Nothing was asked, since sercom has ended: trying again is in vain until the user connects again. */
export class ServerClosed extends ServerProblem {
  constructor() {
    super(0, NO_CONNECTION);
  }
}

export interface Server {
  /**
   * Sends a request. With a purpose, it takes the place of an earlier one of the same purpose that has not been answered:
   * that one is aborted and resolves to undefined, like one whose signal is aborted.
   * @throws {ServerProblem} if it was refused, or the server cannot be reached.
   */
  ask<K extends keyof Api>(
    api: K,
    request: Api[K][0],
    options?: { readonly purpose?: string; readonly signal?: AbortSignal },
  ): Promise<Api[K][1] | undefined>;
  /**
   * Gets a file from the server and hands it to the browser to save.
   * @throws {ServerProblem} like {@link ask}.
   */
  download(
    api: 'save' | 'save-plot',
    request: SaveRequest | SavePlotRequest,
    fileName: string,
    signal?: AbortSignal,
  ): Promise<void>;
}

/** A request without an answer for this long has failed. Looking through all rows for something may take seconds. */
const TIMEOUT_MS = 60_000;

/** The server that the page came from. */
export class HttpServer implements Server {
  readonly #token: string;
  readonly #base: string;
  readonly #pending = new Map<string, AbortController>();
  #isClosed = false;

  /** @param base - of the addresses. Default: that of the page */
  constructor(token: string, base = '') {
    this.#token = token;
    this.#base = base;
  }

  /** While it is closed, all requests fail, without a token that is sent to whoever listens where sercom did. */
  setClosed(isClosed: boolean): void {
    this.#isClosed = isClosed;
  }

  async ask<K extends keyof Api>(
    api: K,
    request: Api[K][0],
    { purpose, signal }: { readonly purpose?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Api[K][1] | undefined> {
    const controller = new AbortController();
    if (purpose !== undefined) {
      this.#pending.get(purpose)?.abort();
      this.#pending.set(purpose, controller);
    }
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new DOMException('no answer', 'TimeoutError')), TIMEOUT_MS);
    const signals = [controller.signal, silence.signal, ...(signal === undefined ? [] : [signal])];
    try {
      const response = await this.#post(api, request, AbortSignal.any(signals));
      return await response.json();
    } catch (error) {
      if (controller.signal.aborted || signal?.aborted) {
        return undefined;
      }
      throw asProblem(error);
    } finally {
      clearTimeout(timer);
      if (purpose !== undefined && this.#pending.get(purpose) === controller) {
        this.#pending.delete(purpose);
      }
    }
  }

  async download(
    api: 'save' | 'save-plot',
    request: SaveRequest | SavePlotRequest,
    fileName: string,
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      const response = await this.#post(api, request, signal);
      saveBlob(await response.blob(), fileName);
    } catch (error) {
      throw asProblem(error);
    }
  }

  async #post(api: string, request: unknown, signal: AbortSignal | undefined): Promise<Response> {
    if (this.#isClosed) {
      throw new ServerClosed();
    }
    const response = await fetch(`${this.#base}api/${api}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(request),
      cache: 'no-store',
      ...(signal !== undefined && { signal }),
    });
    if (!response.ok) {
      throw new ServerProblem(response.status, await problemOf(response));
    }
    return response;
  }
}

function asProblem(error: unknown): ServerProblem {
  if (error instanceof ServerProblem) {
    return error;
  }
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
  return new ServerProblem(0, isTimeout ? 'sercom does not answer' : NO_CONNECTION);
}

/** Hands a file that the page made, such as a picture, to the browser to save. */
export function saveBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has begun to read it by then, and copies what it needs.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
