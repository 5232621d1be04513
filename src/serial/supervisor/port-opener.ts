import type { ConnectionError } from '../../errors.js';
import type { Binding } from '../binding.js';
import { type OpenedPort, type Opening, openPort } from '../open-port.js';
import { type AwaitedPort, type PortDirectory, portDirectory } from '../port-directory.js';
import type { CompleteSerialConnection } from '../serial-connection.js';
import type { Attempt } from './connection-states.js';

/** Gets the result of an attempt. */
interface AttemptOwner {
  opened(attempt: Attempt, port: OpenedPort): Promise<void>;
  failed(attempt: Attempt, error: ConnectionError): void;
}

/** Makes attempts to open the port of one connection. */
export class PortOpener {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #directory: PortDirectory;
  readonly #owner: AttemptOwner;
  /** The latest attempt, unless it has succeeded or is abandoned. */
  #opening: Opening | undefined;

  constructor(name: string, connection: CompleteSerialConnection, binding: Binding, owner: AttemptOwner) {
    this.#name = name;
    this.#connection = connection;
    this.#directory = portDirectory(binding);
    this.#owner = owner;
  }

  /** The port, while the connection waits for it. */
  get awaitedPort(): AwaitedPort {
    return this.#directory.awaited(this.#connection.path, this.#connection.device);
  }

  /** Starts to open the port. */
  start(isRetry: boolean): Attempt {
    const opening = openPort(this.#directory, this.#name, this.#connection, isRetry);
    this.#opening = opening;
    const settled: Promise<void> = opening.opened.then(
      (port) => {
        this.#opening = undefined;
        return this.#owner.opened(attempt, port);
      },
      (error) => (this.#opening === opening ? this.#owner.failed(attempt, error) : undefined),
    );
    const ended = Promise.all([settled, opening.ended]).then(() => undefined);
    const attempt: Attempt = { settled, ended };
    return attempt;
  }

  /** The port is no longer wanted. An attempt in progress ends as soon as it can, and reports no failure. */
  abandon(): void {
    this.#opening?.abandon();
    this.#opening = undefined;
  }
}
