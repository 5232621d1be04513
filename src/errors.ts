/** Every value that {@link CommunicatorError.code} can have. Callers match on it, never on the message. */
export type ErrorCode =
  | 'ILLEGAL_STATE'
  | 'KEY_ERROR'
  | 'ATTRIBUTE_ERROR'
  | 'INVALID_CONNECTION'
  | 'INVALID_PACKET'
  | 'PACKET_TOO_LARGE'
  | 'MALFORMED_FRAME'
  | ConnectionErrorCode
  | 'OPEN_FAILED';

/** The codes of {@link ConnectionError}. */
export type ConnectionErrorCode =
  | 'PORT_NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'PORT_BUSY'
  | 'OPEN_TIMEOUT'
  | 'OPEN_ERROR'
  | 'PORT_AMBIGUOUS'
  | 'WORKER_UNSUPPORTED'
  | 'CONNECTION_LOST'
  | 'SEND_QUEUE_FULL'
  | 'SEND_TIMEOUT'
  | 'SIGNALS_ERROR'
  | 'SHUTDOWN_TIMEOUT';

/** What every error of this package extends. */
export abstract class CommunicatorError extends Error {
  /** Says what happened, whatever the wording of the message. */
  readonly code: ErrorCode;

  protected constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A call that the state of the communicator does not allow (`ILLEGAL_STATE`). */
export class IllegalStateAction extends CommunicatorError {
  override readonly name = 'IllegalStateAction';

  constructor(message: string) {
    super('ILLEGAL_STATE', message);
  }
}

/** A connection name that is unknown, or already taken (`KEY_ERROR`). */
export class KeyError extends CommunicatorError {
  override readonly name = 'KeyError';

  constructor(message: string) {
    super('KEY_ERROR', message);
  }
}

/** Something that was read before it was set (`ATTRIBUTE_ERROR`). */
export class AttributeError extends CommunicatorError {
  override readonly name = 'AttributeError';

  constructor(message: string) {
    super('ATTRIBUTE_ERROR', message);
  }
}

/** An argument that cannot be used (`INVALID_CONNECTION`, `INVALID_PACKET`, `PACKET_TOO_LARGE`). */
export class InvalidArgumentError extends CommunicatorError {
  override readonly name = 'InvalidArgumentError';

  constructor(code: 'INVALID_CONNECTION' | 'INVALID_PACKET' | 'PACKET_TOO_LARGE', message: string) {
    super(code, message);
  }
}

/** Bytes that are no COBS frame (`MALFORMED_FRAME`). */
export class FrameError extends CommunicatorError {
  override readonly name = 'FrameError';

  constructor(message: string) {
    super('MALFORMED_FRAME', message);
  }
}

/** Something that happened to one connection. The operating system's own error, where there is one, is the `cause`. */
export class ConnectionError extends CommunicatorError {
  override readonly name = 'ConnectionError';
  declare readonly code: ConnectionErrorCode;
  /** The name that the connection was added under. */
  readonly connection: string;

  constructor(code: ConnectionErrorCode, connection: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.connection = connection;
  }
}

/** `initialize` could not open every connection (`OPEN_FAILED`). Nothing is left open; `initialize` may be called again. */
export class InitializeError extends CommunicatorError {
  override readonly name = 'InitializeError';
  /** One error for each connection that failed, in the order in which the connections were added. */
  readonly errors: readonly ConnectionError[];

  constructor(errors: readonly ConnectionError[]) {
    const list = errors.map((error) => `\n  ${error.message}`).join('');
    const count = errors.length === 1 ? '1 connection' : `${errors.length} connections`;
    super('OPEN_FAILED', `cannot open ${count}:${list}`, { cause: errors[0] });
    this.errors = errors;
  }
}
