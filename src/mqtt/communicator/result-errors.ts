import {
  type CommunicatorError,
  ConnectionError,
  type ConnectionErrorCode,
  type Delivered,
  ERROR_CODES,
  InvalidArgumentError,
  type InvalidArgumentErrorCode,
  ReplyError,
} from '../../errors.js';
import type { CommandResult } from '../messages.js';

const INVALID_ARGUMENT: readonly string[] = ERROR_CODES.InvalidArgumentError;

/** What the errors of wrong calls at the bridge mean here. */
const OF_BRIDGE: Readonly<Record<string, ConnectionErrorCode>> = {
  ILLEGAL_STATE: 'BRIDGE_OFFLINE',
  KEY_ERROR: 'PORT_NOT_FOUND',
};

/**
 * The error of a result, as the communicator of the bridge would have rejected with it.
 *
 * @param call - what was called, for the message
 */
export function resultError(name: string, call: 'send' | 'request', result: CommandResult): CommunicatorError {
  const { status, message = status, delivered, replyCode } = result;
  const text = `${call} to "${name}": the bridge reports: ${message}`;
  if (status === 'REPLY_ERROR') {
    return new ReplyError(name, replyCode ?? 0, text);
  }
  if (INVALID_ARGUMENT.includes(status)) {
    return new InvalidArgumentError(status as InvalidArgumentErrorCode, text);
  }
  // What is wrong at the bridge is no mistake of this program. A newer bridge can have codes that are not known here.
  const code = OF_BRIDGE[status] ?? (status as ConnectionErrorCode);
  return new ConnectionError(code, name, text, {
    delivered: delivered === 'no' || delivered === 'unknown' ? (delivered satisfies Delivered) : undefined,
  });
}
