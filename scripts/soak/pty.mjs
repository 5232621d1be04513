import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DEVICE = fileURLToPath(new URL('../../test/support/pty_device.py', import.meta.url));

/** The device's end of a pseudo-terminal, in a process of its own (python3). `pty_device.py` says what it can do. */
export class Pty {
  #process = spawn('python3', [DEVICE], { stdio: ['pipe', 'pipe', 'inherit'] });
  #waiting = [];
  #exited = once(this.#process, 'exit');
  #isEnding = false;

  /** @param onDeath - called when the process ends although nobody has ended it */
  constructor(onDeath) {
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()(line));
    this.#exited.then(() => {
      if (!this.#isEnding) {
        onDeath();
      }
    });
  }

  /** Gives the answer to a command. One that fails begins with `error:`. */
  command(line) {
    const answer = new Promise((resolve) => this.#waiting.push(resolve));
    this.#process.stdin.write(`${line}\n`);
    return answer;
  }

  async end() {
    this.#isEnding = true;
    this.#process.kill();
    await this.#exited;
  }
}
