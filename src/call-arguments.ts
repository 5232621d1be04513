import { isUint8Array } from 'node:util/types';
import { InvalidArgumentError } from './errors.js';
import { describeValue, invalidOption } from './options.js';

/** Options of one {@link Communicator.send}. */
export interface SendOptions {
  /**
   * Cancels the send: the promise rejects with `signal.reason` at once. If nothing of the frame has been written, nothing
   * is sent. Otherwise the rest of the frame is still written, as soon as the device accepts it; with acknowledged delivery,
   * the packet is sent until it is acknowledged.
   */
  signal?: AbortSignal | undefined;
  /**
   * On a connection with acknowledged delivery, `false` sends a datagram: at most once, and never again. It may overtake
   * other packets, and `send` resolves when it is written. Default: the packet is acknowledged if the connection has
   * acknowledged delivery.
   */
  acknowledged?: boolean | undefined;
}

/** Options of one {@link Communicator.ready}. */
export interface ReadyOptions {
  /** Ends the wait; the promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** Why a packet cannot be sent, if it is no `Uint8Array`. */
export function packetError(call: string, recipient: string, packet: unknown): InvalidArgumentError | undefined {
  return isUint8Array(packet)
    ? undefined
    : new InvalidArgumentError(
        'INVALID_PACKET',
        `${call} to "${recipient}": the packet is ${describeValue(packet)}; expected a Uint8Array${hintFor(packet)}`,
      );
}

/** @throws TypeError if a handler is not a function */
export function checkHandler(call: string, handler: unknown): void {
  if (typeof handler !== 'function') {
    throw new TypeError(`${call}: the handler must be a function, got ${describeValue(handler)}`);
  }
}

/** How to convert what was passed as a packet. */
function hintFor(value: unknown): string {
  if (typeof value === 'string') {
    return ', for example Buffer.from(text)';
  }
  if (Array.isArray(value)) {
    return ', for example Uint8Array.from(array)';
  }
  if (ArrayBuffer.isView(value)) {
    return ', for example new Uint8Array(view.buffer, view.byteOffset, view.byteLength)';
  }
  return value instanceof ArrayBuffer ? ', for example new Uint8Array(buffer)' : '';
}

/** Why the options of a call are invalid, if their signal is. */
export function signalError(
  call: string,
  name: string,
  options?: { signal?: AbortSignal | undefined },
): InvalidArgumentError | undefined {
  const signal = options?.signal;
  if (!(options instanceof AbortSignal) && (signal === undefined || signal instanceof AbortSignal)) {
    return undefined;
  }
  const found = describeValue(options instanceof AbortSignal ? options : signal);
  return invalidOption(`${call} "${name}": got ${found}; expected { signal: AbortSignal }`);
}
