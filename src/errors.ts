/** Every error code, by the class of its errors. The types below and the table in docs/errors.md follow from it. */
export const ERROR_CODES = {
  IllegalStateAction: ['ILLEGAL_STATE'],
  KeyError: ['KEY_ERROR'],
  AttributeError: ['ATTRIBUTE_ERROR'],
  InvalidArgumentError: ['INVALID_CONNECTION', 'INVALID_OPTION', 'INVALID_PACKET', 'PACKET_TOO_LARGE'],
  FrameError: ['MALFORMED_FRAME'],
  InitializeError: ['INITIALIZE_FAILED'],
  ConnectionError: [
    'PORT_NOT_FOUND',
    'PORT_AMBIGUOUS',
    'PORT_BUSY',
    'PERMISSION_DENIED',
    'OPEN_TIMEOUT',
    'WORKER_UNSUPPORTED',
    'RUNTIME_UNSUPPORTED',
    'NATIVE_CODE_MISSING',
    'BAUD_RATE_UNSUPPORTED',
    'PORT_OPEN_FAILED',
    'CONNECTION_LOST',
    'CONNECTION_RELEASED',
    'SEND_QUEUE_FULL',
    'SEND_TIMEOUT',
    'SIGNALS_ERROR',
    'SHUTDOWN_TIMEOUT',
    'REPLY_TIMEOUT',
    'REPLY_INVALID',
    'REQUEST_BLOCKED',
    'ACK_TIMEOUT',
    'PEER_RESET',
    'PEER_INCOMPATIBLE',
    'BROKER_OFFLINE',
    'BRIDGE_OFFLINE',
    'BRIDGE_NAME_TAKEN',
  ],
  ReplyError: ['REPLY_ERROR'],
} as const;

/** Every value of {@link CommunicatorError.code}. Match on the code, never on the message. */
export type ErrorCode = (typeof ERROR_CODES)[keyof typeof ERROR_CODES][number];

/** The codes of {@link ConnectionError}. */
export type ConnectionErrorCode = (typeof ERROR_CODES)['ConnectionError'][number];

/** The codes of {@link InvalidArgumentError}. */
export type InvalidArgumentErrorCode = (typeof ERROR_CODES)['InvalidArgumentError'][number];

/** Base class of all errors in this package. */
export abstract class CommunicatorError extends Error {
  /** What happened. It stays the same when the wording of the message changes. */
  readonly code: ErrorCode;

  protected constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The state of the communicator does not allow the call (`ILLEGAL_STATE`). */
export class IllegalStateAction extends CommunicatorError {
  override readonly name = 'IllegalStateAction';

  constructor(message: string) {
    super('ILLEGAL_STATE', message);
  }
}

/** The connection name is unknown, or already used (`KEY_ERROR`). */
export class KeyError extends CommunicatorError {
  override readonly name = 'KeyError';

  constructor(message: string) {
    super('KEY_ERROR', message);
  }
}

/** A property was read before it was set (`ATTRIBUTE_ERROR`). */
export class AttributeError extends CommunicatorError {
  override readonly name = 'AttributeError';

  constructor(message: string) {
    super('ATTRIBUTE_ERROR', message);
  }
}

/** An argument is invalid. The code says which: a connection, an option or a packet. */
export class InvalidArgumentError extends CommunicatorError {
  override readonly name = 'InvalidArgumentError';
  declare readonly code: InvalidArgumentErrorCode;

  constructor(code: InvalidArgumentErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The bytes are not a valid COBS frame (`MALFORMED_FRAME`). */
export class FrameError extends CommunicatorError {
  override readonly name = 'FrameError';

  constructor(message: string) {
    super('MALFORMED_FRAME', message);
  }
}

/** Whether a packet that was not acknowledged may have been delivered: `'no'` if nothing of it was ever sent. */
export type Delivered = 'no' | 'unknown';

/** Something failed on one connection. The `cause` is the error of the operating system or the binding, if any. */
export class ConnectionError extends CommunicatorError {
  override readonly name = 'ConnectionError';
  declare readonly code: ConnectionErrorCode;
  /** The name under which the connection was added. */
  readonly connection: string;
  /** Of a packet or a request on a connection with acknowledged delivery: whether it may have been delivered. */
  readonly delivered: Delivered | undefined;

  constructor(
    code: ConnectionErrorCode,
    connection: string,
    message: string,
    options?: ErrorOptions & { delivered?: Delivered | undefined },
  ) {
    super(code, message, options);
    this.connection = connection;
    this.delivered = options?.delivered;
  }
}

/** The device answered a request with an error (`REPLY_ERROR`): its handler failed, or it has none. */
export class ReplyError extends CommunicatorError {
  override readonly name = 'ReplyError';
  /** The name under which the connection was added. */
  readonly connection: string;
  /** What the device answered: 1 if its handler failed, 2 if it has no handler for the request. */
  readonly replyCode: number;

  constructor(connection: string, replyCode: number, message: string) {
    super('REPLY_ERROR', message);
    this.connection = connection;
    this.replyCode = replyCode;
  }
}

/**
 * `initialize` could not open every connection (`INITIALIZE_FAILED`). All ports are closed again; `initialize` may be
 * called again.
 */
export class InitializeError extends CommunicatorError {
  override readonly name = 'InitializeError';
  /** One error for each connection that failed, in the order in which the connections were added. */
  readonly errors: readonly ConnectionError[];

  constructor(errors: readonly ConnectionError[]) {
    const list = errors.map((error) => `\n  ${error.message}`).join('');
    const count = errors.length === 1 ? '1 connection' : `${errors.length} connections`;
    super('INITIALIZE_FAILED', `cannot open ${count}:${list}`, { cause: errors[0] });
    this.errors = errors;
  }
}
