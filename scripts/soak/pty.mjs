import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DEVICE = fileURLToPath(new URL('../../test/support/pty_device.py', import.meta.url));

/** The device's end of a pseudo-terminal, in its own process (python3). `pty_device.py` documents the commands. */
export class Pty {
  #process = spawn('python3', [DEVICE], { stdio: ['pipe', 'pipe', 'inherit'] });
  #waiting = [];
  #exited = once(this.#process, 'exit');
  #isEnding = false;

  /** @param onDeath - called if the process exits before {@link end} */
  constructor(onDeath) {
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()(line));
    this.#exited.then(() => {
      if (!this.#isEnding) {
        onDeath();
      }
    });
  }

  /** Runs a command and returns its reply, which begins with `error:` if the command failed. */
  command(line) {
    const reply = new Promise((resolve) => this.#waiting.push(resolve));
    this.#process.stdin.write(`${line}\n`);
    return reply;
  }

  async end() {
    this.#isEnding = true;
    this.#process.kill();
    await this.#exited;
  }
}
