import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

/**
 * The device's end of a pseudo-terminal, in a process of its own (python3), so that it is served whatever the test
 * does. What its commands do is said in `pty_device.py`.
 */
export class Pty {
  readonly #process: ChildProcessWithoutNullStreams = spawn('python3', [
    path.join(import.meta.dirname, 'pty_device.py'),
  ]);
  readonly #waiting: ((answer: string) => void)[] = [];
  readonly #ended: Promise<never>;

  constructor() {
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    let words = '';
    this.#process.stderr.on('data', (chunk) => {
      words += chunk;
    });
    this.#ended = new Promise((_, reject) =>
      this.#process.on('close', () => reject(new Error(`the pty's process has ended: ${words}`))),
    );
    this.#ended.catch(() => undefined);
  }

  /** Gives the path of the port. With `link`, that is a symbolic link which a later `open` points elsewhere. */
  open(link?: string): Promise<string> {
    return this.#command(link === undefined ? 'open' : `open ${link}`);
  }

  /** Gives how many bytes the pty took. */
  async write(bytes: Uint8Array): Promise<number> {
    return Number(await this.#command(`write ${Buffer.from(bytes).toString('hex')}`));
  }

  /** Gives what is there to be read, at most that many bytes. */
  async read(maxBytes = 65_536): Promise<Buffer> {
    return Buffer.from(await this.#command(`read ${maxBytes}`), 'hex');
  }

  async echo(on: boolean): Promise<void> {
    await this.#command(`echo ${on ? 'on' : 'off'}`);
  }

  async flood(on: boolean): Promise<void> {
    await this.#command(`flood ${on ? 'on' : 'off'}`);
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
    const answer = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#process.stdin.write(`${line}\n`);
    const text = await Promise.race([answer, this.#ended]);
    if (text.startsWith('error:')) {
      throw new Error(`${line.slice(0, 40)}: ${text}`);
    }
    return text;
  }
}
