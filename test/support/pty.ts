import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

/**
 * The device's end of a pseudo-terminal. It runs in its own process (python3), so that it keeps working while the test
 * blocks. `pty_device.py` documents the commands.
 */
export class Pty {
  readonly #process: ChildProcessWithoutNullStreams = spawn('python3', [
    path.join(import.meta.dirname, 'pty_device.py'),
  ]);
  readonly #waiting: ((reply: string) => void)[] = [];
  readonly #ended: Promise<never>;

  constructor() {
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    let stderr = '';
    this.#process.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    this.#ended = new Promise((_, reject) =>
      this.#process.on('close', () => reject(new Error(`the pty process exited: ${stderr}`))),
    );
    this.#ended.catch(() => undefined);
  }

  /** Opens a new pty and returns the path of its port, which is a link. A later `open` of the same link moves it. */
  open(link?: string): Promise<string> {
    return this.#command(link === undefined ? 'open' : `open ${link}`);
  }

  /** Writes as much as the pty accepts at once, and returns the number of bytes written. */
  async write(bytes: Uint8Array): Promise<number> {
    return Number(await this.#command(`write ${Buffer.from(bytes).toString('hex')}`));
  }

  /** Reads the bytes available now, at most `maxBytes`. */
  async read(maxBytes = 65_536): Promise<Buffer> {
    return Buffer.from(await this.#command(`read ${maxBytes}`), 'hex');
  }

  /** Waits until the host has read everything that was written. */
  async isRead(): Promise<void> {
    while ((await this.#command('unread')) !== '0') {
      // The host is still to read it.
    }
  }

  async echo(on: boolean): Promise<void> {
    await this.#command(`echo ${on ? 'on' : 'off'}`);
  }

  async flood(on: boolean): Promise<void> {
    await this.#command(`flood ${on ? 'on' : 'off'}`);
  }

  async stall(): Promise<void> {
    await this.#command('stall');
  }

  async close(): Promise<void> {
    await this.#command('close');
  }

  async vhangup(): Promise<void> {
    await this.#command('vhangup');
  }

  async unlink(): Promise<void> {
    await this.#command('unlink');
  }

  end(): void {
    this.#process.kill();
  }

  async #command(line: string): Promise<string> {
    const replied = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#process.stdin.write(`${line}\n`);
    const reply = await Promise.race([replied, this.#ended]);
    if (reply.startsWith('error:')) {
      throw new Error(`${line.slice(0, 40)}: ${reply}`);
    }
    return reply;
  }
}
