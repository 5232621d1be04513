import type { Port } from '../../port.js';
import type { PortState } from '../../port-state.js';
import { telnetEscape } from './telnet.js';

/** Writes data and commands to a telnet server, through a port that accepts one write at a time. Commands go first. */
export class TelnetWriter {
  readonly #port: Port;
  readonly #state: PortState;
  readonly #commands: Uint8Array[] = [];
  /** The pending write, before the port has it. */
  #data: Uint8Array | undefined;
  /** Whether the port has not yet accepted the latest write. */
  #isBusy = false;
  #isSuspended = false;

  /**
   * @param port - what leads to the server
   * @param state - has the pending write of data
   */
  constructor(port: Port, state: PortState) {
    this.#port = port;
    this.#state = state;
  }

  /** Number of commands that the port has not yet accepted, those of the current write left out. */
  get waitingCommands(): number {
    return this.#commands.length;
  }

  /** The server wants no data, until it says otherwise. */
  set isSuspended(isSuspended: boolean) {
    this.#isSuspended = isSuspended;
    this.pump();
  }

  /** As {@link Port.write}. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#state.assertCanWrite(bytes);
    if (this.#isBusy || this.#isSuspended) {
      this.#data = bytes;
      return this.#state.beginWrite();
    }
    const written = this.#port.write(telnetEscape(bytes));
    if (written === undefined) {
      return undefined;
    }
    const ended = this.#state.beginWrite();
    this.#await(written, true);
    return ended;
  }

  /** Queues a command. It leaves with the next {@link pump}. */
  queue(command: Uint8Array): void {
    this.#commands.push(command);
  }

  /** Removes a command from the queue. Returns false if the port has it already. */
  cancel(command: Uint8Array): boolean {
    const at = this.#commands.indexOf(command);
    if (at >= 0) {
      this.#commands.splice(at, 1);
    }
    return at >= 0;
  }

  /** Writes what waits: all commands in one write. */
  pump(): void {
    while (!this.#isBusy && this.#state.isUsable) {
      const isData = this.#commands.length === 0;
      const bytes = isData ? this.#takeData() : Buffer.concat(this.#commands.splice(0));
      if (bytes === undefined) {
        return;
      }
      const written = this.#port.write(bytes);
      if (written !== undefined) {
        this.#await(written, isData);
      } else if (isData) {
        this.#state.endWrite();
      }
    }
  }

  #takeData(): Uint8Array | undefined {
    const data = this.#isSuspended ? undefined : this.#data;
    if (data === undefined) {
      return undefined;
    }
    this.#data = undefined;
    return telnetEscape(data);
  }

  #await(written: Promise<void>, isData: boolean): void {
    this.#isBusy = true;
    written.then(
      () => {
        this.#isBusy = false;
        if (isData) {
          this.#state.endWrite();
        }
        this.pump();
      },
      () => {
        // The port has hung up, which it reports, or was closed.
      },
    );
  }
}
