const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Ends a command cleanly at the first Ctrl-C (or SIGTERM). A second one kills the process, because from the first on, and
 * after {@link close}, the signals have their default effect again.
 */
export class Interruption {
  readonly #controller = new AbortController();

  constructor() {
    for (const signal of SIGNALS) {
      process.on(signal, this.interrupt);
    }
  }

  /** Aborted by the first Ctrl-C. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the command as Ctrl-C does. */
  readonly interrupt = (): void => {
    this.close();
    this.#controller.abort();
  };

  /** Stops listening. */
  close(): void {
    for (const signal of SIGNALS) {
      process.off(signal, this.interrupt);
    }
  }
}
