import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { encode } from 'cbor2';
import { FrameEncoder } from 'serial-communicator';

const DEVICE = fileURLToPath(new URL('../../../test/support/pty_device.py', import.meta.url));

/** The device's end of a port that is a link to a pty. Needs python3. */
export class ScriptedPort {
  #path;
  #process = spawn('python3', [DEVICE], { stdio: ['pipe', 'pipe', 'inherit'] });
  #waiting = [];
  #encoder = new FrameEncoder();

  constructor(path) {
    this.#path = path;
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
  }

  async plugIn() {
    await this.#tell(`open ${this.#path}`);
    // As firmware should: whoever begins to listen skips everything before the first delimiter.
    await this.sendBytes(Buffer.alloc(1));
  }

  async unplug() {
    await this.#tell('unlink');
    await this.#tell('close');
  }

  /** Sends a packet of CBOR. */
  send(value) {
    return this.sendBytes(this.#encoder.encode(encode(value)));
  }

  sendBytes(bytes) {
    return this.#tell(`write ${Buffer.from(bytes).toString('hex')}`);
  }

  end() {
    this.#process.kill();
  }

  async #tell(command) {
    const reply = await new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin.write(`${command}\n`);
    });
    if (reply.startsWith('error:')) {
      throw new Error(`${command.slice(0, 40)}: ${reply}`);
    }
  }
}
