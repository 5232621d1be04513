import { constants } from 'node:os';
import { ExitCode } from './exit-codes.js';

/** The signals that ask a process to end, and the exit code of a command that one of them ended. */
const EXIT_CODES = {
  SIGINT: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
  SIGHUP: ExitCode.hungUp,
} as const;

type EndingSignal = keyof typeof EXIT_CODES;

const SIGNALS = Object.keys(EXIT_CODES) as EndingSignal[];

/**
 * Ends a command cleanly at the first Ctrl-C, SIGTERM or SIGHUP. A second one kills the process, because from the first
 * on, and after {@link close}, the signals have their default effect again.
 */
export class Interruption {
  readonly #controller = new AbortController();
  #signal: EndingSignal = 'SIGINT';
  #onCtrlC: (() => void) | undefined;

  constructor() {
    for (const signal of SIGNALS) {
      process.on(signal, this.#caught);
    }
  }

  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * The exit code of the command that was interrupted: 128 plus the number of the signal.
   *
   * @param afterCtrlC - the exit code after Ctrl-C, which is the usual end of some commands
   */
  exitCode(afterCtrlC: ExitCode): ExitCode {
    return this.#signal === 'SIGINT' ? afterCtrlC : EXIT_CODES[this.#signal];
  }

  /** Ends the command as Ctrl-C does. */
  readonly interrupt = (): void => {
    this.close();
    this.#controller.abort();
  };

  /** Until the returned function is called, Ctrl-C calls `instead`, and ends nothing. */
  divertCtrlC(instead: () => void): () => void {
    this.#onCtrlC = instead;
    return () => {
      this.#onCtrlC = undefined;
    };
  }

  /** Stops listening. */
  close(): void {
    for (const signal of SIGNALS) {
      process.off(signal, this.#caught);
    }
  }

  readonly #caught = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT' && this.#onCtrlC !== undefined) {
      this.#onCtrlC();
      return;
    }
    this.#signal = signal as EndingSignal;
    this.interrupt();
  };
}

/** Ends the process where a signal has its default effect. */
function exitUnlessCaught(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) === 1) {
    process.exit(128 + constants.signals[signal]);
  }
}

// A signal without a listener does not end process 1 of a container.
if (process.pid === 1) {
  for (const signal of SIGNALS) {
    process.on(signal, exitUnlessCaught);
  }
}
