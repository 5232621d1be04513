import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How long a process may take for one answer. */
const ANSWER_TIMEOUT_MS = 60_000;

/** What a process said is wrong: bytes that differ, a frame that was rejected, a port that failed. */
export class ProcessFailure extends Error {}

/** A process gave no answer in time. */
export class NoAnswer extends Error {}

/** A process that takes lines and answers each with a line of JSON. */
export class LineProcess {
  #name;
  #child;
  #answers = [];
  #waiting;
  #ended;

  /**
   * @param {string} name for messages
   * @param {string} command
   * @param {string[]} args
   */
  constructor(name, command, args) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code, signal) => this.#end(`it ended with ${signal ?? code}`));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#answers.push(parse(line));
      this.#waiting?.();
    });
  }

  /** Gives it a line. */
  tell(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Waits for its next answer. */
  async next(timeoutMs = ANSWER_TIMEOUT_MS) {
    if (this.#answers.length === 0 && this.#ended === undefined) {
      let timer;
      await new Promise((resolve) => {
        this.#waiting = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    const answer = this.#answers.shift();
    if (answer?.error !== undefined) {
      throw new ProcessFailure(`${this.#name}: ${answer.error}`);
    }
    if (answer === undefined) {
      if (this.#ended !== undefined) {
        throw new ProcessFailure(`${this.#name}: ${this.#ended}`);
      }
      throw new NoAnswer(`${this.#name}: no answer within ${timeoutMs} ms`);
    }
    return answer;
  }

  /** Gives it a line and waits for the answer. */
  ask(line, timeoutMs) {
    this.tell(line);
    return this.next(timeoutMs);
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  #end(reason) {
    this.#ended ??= reason;
    // An answer that is under way comes first.
    setImmediate(() => this.#waiting?.());
  }
}

/** What is not JSON is the half line of a process that was ended, or a message of Node itself. */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { error: `no JSON: ${line.slice(0, 200)}` };
  }
}
