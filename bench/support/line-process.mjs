import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Time limit for one reply. */
const REPLY_TIMEOUT_MS = 60_000;

/** A process reported an error: wrong bytes, a rejected frame or a failed port. */
export class ProcessFailure extends Error {}

/** A process did not reply in time. */
export class NoReply extends Error {}

/** A process that reads commands, one per line, and replies to each with a line of JSON. */
export class LineProcess {
  #name;
  #child;
  #replies = [];
  #waiting;
  #ended;

  /**
   * @param {string} name for error messages
   * @param {string} command
   * @param {string[]} args
   */
  constructor(name, command, args) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code, signal) => this.#end(`exited with ${signal ?? code}`));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#replies.push(parse(line));
      this.#waiting?.();
    });
  }

  /** Writes a command. */
  tell(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Returns the next reply. */
  async next(timeoutMs = REPLY_TIMEOUT_MS) {
    if (this.#replies.length === 0 && this.#ended === undefined) {
      let timer;
      await new Promise((resolve) => {
        this.#waiting = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    const reply = this.#replies.shift();
    if (reply?.error !== undefined) {
      throw new ProcessFailure(`${this.#name}: ${reply.error}`);
    }
    if (reply === undefined) {
      if (this.#ended !== undefined) {
        throw new ProcessFailure(`${this.#name}: ${this.#ended}`);
      }
      throw new NoReply(`${this.#name}: no reply within ${timeoutMs} ms`);
    }
    return reply;
  }

  /** Writes a command and returns its reply. */
  ask(line, timeoutMs) {
    this.tell(line);
    return this.next(timeoutMs);
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  #end(reason) {
    this.#ended ??= reason;
    // A reply may still be in the pipe.
    setImmediate(() => this.#waiting?.());
  }
}

/** A killed process may leave half a line, and Node may print messages of its own. */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { error: `not JSON: ${line.slice(0, 200)}` };
  }
}
