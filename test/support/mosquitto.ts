import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { has } from './tools.js';

/** Why tests with a broker are skipped: for their names. Empty if they run. */
export const MOSQUITTO_MISSING = ['mosquitto', 'mosquitto_pub'].every(hasInSbin) ? '' : ' (needs mosquitto)';

/** Options of a {@link Mosquitto}. */
export interface MosquittoOptions {
  /** Users and their passwords. Default: everybody may connect. */
  users?: Record<string, string>;
  /** Files in PEM. With them, the broker speaks TLS. `requireClient`: clients need a certificate of the same authority. */
  tls?: { ca: string; cert: string; key: string; requireClient?: boolean };
  /** More lines of its configuration, for example `max_queued_messages 10`. */
  config?: readonly string[];
}

const ATTEMPTS = 5;

/** A real broker on a free port of 127.0.0.1, for one test. Stop it at the end. */
export class Mosquitto {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'mosquitto-'));
  readonly #options: MosquittoOptions;
  #process: ChildProcessByStdio<null, null, Readable> | undefined;
  #port = 0;
  /** What it has logged since it was started first. */
  log = '';

  private constructor(options: MosquittoOptions) {
    this.#options = options;
  }

  /** Starts a broker. Resolves when it accepts connections. */
  static async start(options: MosquittoOptions = {}): Promise<Mosquitto> {
    const broker = new Mosquitto(options);
    for (let attempt = 1; ; attempt++) {
      broker.#port = await freePort();
      try {
        await broker.restart();
        return broker;
      } catch (error) {
        // Another process may have taken the port.
        if (attempt === ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  get url(): string {
    return `${this.#options.tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${this.#port}`;
  }

  /** Starts it on its port, after `kill`. Its retained messages and sessions are lost. */
  async restart(): Promise<void> {
    const file = path.join(this.#folder, 'mosquitto.conf');
    writeFileSync(file, this.#config().join('\n'));
    const child = spawn('mosquitto', ['-c', file, '-v'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` },
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      let own = '';
      child.stderr.on('data', (chunk) => {
        own += chunk;
        this.log += chunk;
        if (/mosquitto version \S+ running/.test(own)) {
          resolve();
        }
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`mosquitto exited with ${code}: ${own}`)));
    });
  }

  /** Kills it without a farewell. Resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
  }

  /** Stops it from running, or lets it run again. Its connections stay open. */
  pause(isPaused: boolean): void {
    this.#process!.kill(isPaused ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Kills it and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #config(): string[] {
    const { users, tls, config = [] } = this.#options;
    const lines = [
      `listener ${this.#port} 127.0.0.1`,
      'log_dest stderr',
      `allow_anonymous ${users === undefined}`,
      // Otherwise each result takes 40 ms.
      'set_tcp_nodelay true',
    ];
    // Otherwise it becomes a user who may not read the files.
    if (process.getuid?.() === 0) {
      lines.unshift('user root');
    }
    if (users !== undefined) {
      const file = path.join(this.#folder, 'passwords');
      writeFileSync(file, '');
      for (const [name, password] of Object.entries(users)) {
        spawnSync('mosquitto_passwd', ['-b', file, name, password]);
      }
      lines.push(`password_file ${file}`);
    }
    if (tls !== undefined) {
      lines.push(`cafile ${tls.ca}`, `certfile ${tls.cert}`, `keyfile ${tls.key}`);
      lines.push(`require_certificate ${tls.requireClient ?? false}`);
    }
    return [...lines, ...config, ''];
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function hasInSbin(tool: string): boolean {
  return has(tool) || has(`/usr/sbin/${tool}`);
}
