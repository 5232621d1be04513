import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Batch, Hello, Row, ViewRequest } from '../../src/web/protocol.js';
import { type RunningProcess, start } from './sercom-process.js';

/** An answer of the server, or none: it has cut the connection. */
export interface Answer {
  /** 0 if the connection was cut before an answer came. */
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** The body as JSON. */
  json<Value = Record<string, unknown>>(): Value;
}

/** How a server cuts a connection. */
const CUT = ['ECONNRESET', 'EPIPE', 'ECONNREFUSED'];

/** A running command with a live page. */
export interface ServedPage {
  readonly process: RunningProcess;
  /** With the token. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly client: PageClient;
}

/** Starts `sercom` with `--web`, and waits until it says where the page is. */
export async function servePage(...commandLine: string[]): Promise<ServedPage> {
  return servedBy(start(...commandLine, '--web'));
}

/** Waits until a process says where its page is. Its token may be in a file, whose name may be relative to a folder. */
export async function servedBy(process: RunningProcess, folder = ''): Promise<ServedPage> {
  const pattern =
    /^sercom: the page is at (http:\/\/(\S+):(\d+)\/)(?:#token=([\w-]+)| \(add #token= with the contents of (.+)\))$/m;
  await process.complained(pattern);
  const [, origin = '', written = '', port = '', printed, file = ''] = pattern.exec(process.stderr)!;
  const token = printed ?? (await readFile(path.resolve(folder, file), 'utf8')).trim();
  const url = `${origin}#token=${token}`;
  const host = written.replace(/[[\]]/g, '');
  return { process, url, host, port: Number(port), token, client: new PageClient(host, Number(port), token) };
}

/** Sends requests as a page does, or otherwise. */
export class PageClient {
  readonly #host: string;
  readonly #port: number;
  readonly token: string;

  constructor(host: string, port: number, token: string) {
    this.#host = host;
    this.#port = port;
    this.token = token;
  }

  /** Sends a request with exactly these headers, in addition to those that HTTP needs. */
  async raw(path: string, options: RequestOptions = {}, body?: string | Uint8Array): Promise<Answer> {
    const sent = request({ host: this.#host, port: this.#port, path, agent: false, ...options });
    let failure: NodeJS.ErrnoException | undefined;
    sent.on('error', (error) => {
      failure ??= error;
    });
    const answered = once(sent, 'response').then(([response]: IncomingMessage[]) => readAnswer(response!));
    sent.end(body);
    // The answer may be complete although the rest of the request could not be sent.
    const answer = await answered.catch(() => undefined);
    if (answer !== undefined) {
      return answer;
    }
    if (failure !== undefined && !CUT.includes(failure.code ?? '')) {
      throw failure;
    }
    return answerOf(0, {}, Buffer.alloc(0));
  }

  get(path: string): Promise<Answer> {
    return this.raw(path, { headers: { Authorization: `Bearer ${this.token}` } });
  }

  /** Asks as the page does. */
  post(api: string, body: unknown): Promise<Answer> {
    const headers = { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' };
    return this.raw(`/api/${api}`, { method: 'POST', headers }, JSON.stringify(body));
  }

  /** Asks as the page does, and expects an answer. */
  async ask<Value = Record<string, unknown>>(api: string, body: unknown): Promise<Value> {
    const answer = await this.post(api, body);
    if (answer.status !== 200) {
      throw new Error(`${api}: ${answer.status} ${answer.body}`);
    }
    return answer.json<Value>();
  }

  /** Opens a feed, and waits for its first event. */
  async feed(): Promise<FeedClient> {
    const headers = { Authorization: `Bearer ${this.token}` };
    const sent = request({ host: this.#host, port: this.#port, path: '/api/feed', agent: false, headers });
    sent.on('error', () => {
      // The end of the test, or of the server.
    });
    sent.end();
    const [response]: IncomingMessage[] = await once(sent, 'response');
    const feed = new FeedClient(this, response!);
    onTestFinished(() => feed.close());
    await feed.until(() => feed.hello !== undefined);
    return feed;
  }
}

/** A feed, and everything that it has sent, as the page would put it together. */
export class FeedClient {
  hello: Hello | undefined;
  /** All batches merged: the last value of each field. */
  readonly latest: { -readonly [Key in keyof Batch]: Batch[Key] } = {};
  readonly names: string[] = [];
  readonly rows: Row[] = [];
  batches = 0;
  isClosed = false;
  readonly response: IncomingMessage;
  readonly #client: PageClient;
  #text = '';
  #views = 0;
  #changed: () => void = () => {};

  constructor(client: PageClient, response: IncomingMessage) {
    this.#client = client;
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#take(chunk));
    response.on('close', () => {
      this.isClosed = true;
      this.#changed();
    });
    response.on('error', () => {
      // The connection was cut.
    });
  }

  get id(): string {
    return this.hello!.feed;
  }

  /** Changes what it shows, and waits until batches are about that. Returns what the server says about it. */
  async show(view: Partial<Omit<ViewRequest, 'feed' | 'view'>> = {}): Promise<Record<string, unknown>> {
    const number = ++this.#views;
    const answer = await this.#client.ask('view', { feed: this.id, view: number, follow: 0, ...view });
    if (answer.problem === undefined) {
      await this.until(() => this.latest.view === number);
    }
    return answer;
  }

  /** Resolves when a condition is met. Rejects if the feed ends before. */
  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      if (this.isClosed) {
        throw new Error(`the feed has ended: ${JSON.stringify(this.latest)}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Resolves when the server has ended it. */
  async ended(): Promise<void> {
    while (!this.isClosed) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  close(): void {
    this.response.destroy();
  }

  #take(chunk: string): void {
    this.#text += chunk;
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      this.#event(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + 2);
    }
    this.#changed();
  }

  #event(text: string): void {
    const [, event, data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(text) ?? [];
    if (event === 'hello') {
      this.hello = JSON.parse(data);
      this.names.push(...this.hello!.names);
    } else if (event === 'batch') {
      const batch: Batch = JSON.parse(data);
      this.batches++;
      Object.assign(this.latest, batch);
      this.names.push(...(batch.newNames ?? []));
      this.rows.push(...(batch.rows ?? []));
    } else if (text !== ':') {
      throw new Error(`not an event: ${text}`);
    }
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk);
  }
  return answerOf(response.statusCode!, response.headers, Buffer.concat(chunks));
}

function answerOf(status: number, headers: IncomingMessage['headers'], body: Buffer): Answer {
  return { status, headers, body, json: () => JSON.parse(body.toString()) };
}
