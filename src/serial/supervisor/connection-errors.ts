import { ConnectionError } from '../../errors.js';
import { describeSignalsError } from '../control-lines.js';
import { type CompleteSerialConnection, describeConnection } from '../serial-connection.js';
import { errorOf, type State } from './connection-states.js';

/** What each call waits for. */
const UNTIL = {
  'send to': 'the packet was fully written',
  ready: 'the connection was ready',
  reopen: 'the port was open',
};

/** The errors of one connection for calls that come at the wrong time. */
export class ConnectionErrors {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;

  constructor(name: string, connection: CompleteSerialConnection) {
    this.#name = name;
    this.#connection = connection;
  }

  /** Why a call that needs a link failed. */
  noLink(call: string, state: State): ConnectionError {
    if (state.name === 'freeing' || state.name === 'released') {
      return this.released(call);
    }
    const next = state.name === 'givenUp' || state.name === 'closed' ? 'will not reconnect' : 'reconnecting';
    const cause = errorOf(state);
    const why = cause === undefined ? '' : `: ${cause.message}`;
    const message = `${call} "${this.#name}": not connected, ${next}${why}`;
    return new ConnectionError('CONNECTION_LOST', this.#name, message, { cause });
  }

  /** @param call - undefined: it is no call that failed, but why the port is not open */
  released(call?: string): ConnectionError {
    const where = `${call ?? 'connection'} ${this.#description}`;
    const what = call === undefined ? 'released' : 'the connection is released';
    return new ConnectionError('CONNECTION_RELEASED', this.#name, `${where}: ${what}; call reopen first`);
  }

  /** @param error - what a call of the port for its control lines failed with */
  signals(error: unknown): ConnectionError {
    const message = `connection ${this.#description}: ${describeSignalsError(error)}`;
    return new ConnectionError('SIGNALS_ERROR', this.#name, message, { cause: error });
  }

  shutDown(call: keyof typeof UNTIL): ConnectionError {
    return new ConnectionError(
      'SHUTDOWN_TIMEOUT',
      this.#name,
      `${call} ${this.#description}: shutdown ended before ${UNTIL[call]}; the device is stalled, disconnected, released or ` +
        'still settling (settleMs), or shutdownTimeoutMs is too short',
    );
  }

  get #description(): string {
    return describeConnection(this.#name, this.#connection);
  }
}
