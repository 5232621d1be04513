import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DEVICE = fileURLToPath(new URL('../../test/support/pty_device.py', import.meta.url));

/** The device end of a pseudo-terminal, in a separate python3 process. `pty_device.py` lists the commands. */
export class Pty {
  #process = spawn('python3', [DEVICE], { stdio: ['pipe', 'pipe', 'inherit'] });
  #waiting = [];
  #exited = once(this.#process, 'exit');
  #isEnding = false;

  /** @param onDeath - called if the process ends before `end` */
  constructor(onDeath) {
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()(line));
    this.#exited.then(() => {
      if (!this.#isEnding) {
        onDeath();
      }
    });
  }

  /** Returns the reply to a command. It starts with `error:` if the command failed. */
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
