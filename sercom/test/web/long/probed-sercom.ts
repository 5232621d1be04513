import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { PageClient } from '../../support/page-client.js';
import { SERCOM } from '../../support/sercom-process.js';

const PROBE = path.join(import.meta.dirname, 'memory-probe.mjs');

/** In bytes, after collecting garbage. */
export interface ServerMemory {
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

/** The real command with `--web`, which can be asked for its memory. */
export class ProbedSercom {
  readonly url: string;
  readonly client: PageClient;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
    const { hostname, port, hash } = new URL(url);
    this.client = new PageClient(hostname, Number(port), hash.slice('#token='.length));
  }

  static async start(...commandLine: string[]): Promise<ProbedSercom> {
    const flags = ['--expose-gc', '--import', PROBE];
    const child = spawn(process.execPath, [...flags, SERCOM, ...commandLine, '--web'], {
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    });
    onTestFinished(async () => {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    });
    let text = '';
    for await (const chunk of child.stderr!.setEncoding('utf8')) {
      text += chunk;
      const [, url] = /^sercom: the page is at (http:\S+)$/m.exec(text) ?? [];
      if (url !== undefined) {
        return new ProbedSercom(child, url);
      }
    }
    throw new Error(`sercom has ended:\n${text}`);
  }

  async memory(): Promise<ServerMemory> {
    const answered = once(this.#child, 'message');
    this.#child.send('memory');
    const [memory] = await answered;
    return memory as ServerMemory;
  }

  /** A value of `/metrics`. */
  async metric(name: string): Promise<number> {
    const { body } = await this.client.get('/metrics');
    const line = body
      .toString()
      .split('\n')
      .find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }
}
