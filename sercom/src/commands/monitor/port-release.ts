import { codeOf } from '../../cli-error.js';
import { isoTime } from '../../formats/times.js';
import type { Interruption } from '../../interruption.js';
import { nowUs } from '../../records/clock.js';
import type { LivePorts } from '../../session/live-ports.js';
import { printMessage } from '../../terminal/message.js';
import { escapeText } from '../../text/escape.js';
import type { ReleaseCommand } from './release-command.js';

/** How long a port may be missing after it was released. A USB device takes time to return. */
const MISSING_PATIENCE_MS = 3_000;

export interface PortReleaseParts {
  live: LivePorts;
  /** The names of all connections. */
  names: readonly string[];
  /** The command of `--release-for`. */
  command: ReleaseCommand | undefined;
  interruption: Interruption;
  /** Keeps a remark in the log. */
  remark(text: string): void;
  /** Leaves the terminal to the command until the returned function is called. */
  lendTerminal(): Promise<() => Promise<void>>;
}

/** Closes all ports of the monitor for another program, and opens them again. */
export class PortRelease {
  readonly #parts: PortReleaseParts;
  readonly #names: string;
  #isReleased = false;
  #run: Promise<void> | undefined;

  constructor(parts: PortReleaseParts) {
    this.#parts = parts;
    this.#names = parts.names.map((name) => `"${name}"`).join(', ');
  }

  /** Whether the ports are released, until a key reopens them. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Resolves when no command runs. */
  get idle(): Promise<void> {
    return this.#run?.catch(() => {}) ?? Promise.resolve();
  }

  /** Releases the ports, or reopens them. Rejects if they cannot be reopened. */
  async toggle(): Promise<void> {
    if (this.#isReleased) {
      await this.#reopen(`reopening ${this.#names}`);
    } else {
      this.#isReleased = true;
      await this.#release(`released ${this.#names}`, '; press o to reopen');
    }
  }

  /**
   * Runs the command of `--release-for` with the ports released, then reopens them, in the background. Does nothing while
   * it runs.
   *
   * @throws CliError (failure) if it cannot be run
   */
  run(): Promise<void> {
    const { command } = this.#parts;
    if (command === undefined) {
      printMessage('no command to run; start the monitor with --release-for COMMAND');
      return Promise.resolve();
    }
    this.#run ??= this.#runCommand(command).finally(() => {
      this.#run = undefined;
    });
    return this.#run;
  }

  async #runCommand(command: ReleaseCommand): Promise<void> {
    const { live, interruption, lendTerminal } = this.#parts;
    await this.#release(`released ${this.#names} for ${command}`);
    const takeBack = await lendTerminal();
    let ending: string;
    try {
      ending = await command.run(interruption, live.signal);
    } finally {
      await takeBack();
    }
    if (live.signal.aborted) {
      printMessage(ending);
      return;
    }
    // The monitor does not wait for the board, which may take long to return.
    this.#reopen(`${ending}; reopening ${this.#names}`).catch((error) => {
      if (!live.signal.aborted) {
        printMessage(error instanceof Error ? error.message : String(error));
      }
    });
  }

  async #release(what: string, advice = ''): Promise<void> {
    const { live, names } = this.#parts;
    await Promise.all(names.map((name) => live.release(name)));
    this.#report(what, advice);
  }

  async #reopen(what: string): Promise<void> {
    const { live, names } = this.#parts;
    this.#isReleased = false;
    this.#report(what);
    const patience = setTimeout(() => this.#reportMissing(), MISSING_PATIENCE_MS);
    try {
      await Promise.all(names.map((name) => live.reopen(name)));
    } catch (error) {
      // If the key was pressed again, it has released them.
      if (codeOf(error) !== 'CONNECTION_RELEASED') {
        this.#isReleased = true;
        throw error;
      }
    } finally {
      clearTimeout(patience);
    }
  }

  /** Reports ports that have not returned. Any other reason why a port does not open is reported anyway. */
  #reportMissing(): void {
    const { live, names } = this.#parts;
    for (const name of names) {
      const error = live.connectionError(name);
      if (error?.code === 'PORT_NOT_FOUND') {
        printMessage(`${error.message}; trying again`);
      }
    }
  }

  #report(what: string, advice = ''): void {
    printMessage(`${what}${advice}`);
    // A remark is one line.
    this.#parts.remark(`${escapeText(what)}  ${isoTime(nowUs())}`);
  }
}
