import { isUint8Array } from 'node:util/types';
import { InvalidArgumentError } from './errors.js';
import { describeValue, invalidOption } from './options.js';

/** Why a packet cannot be sent, if it is no `Uint8Array`. */
export function packetError(recipient: string, packet: unknown): InvalidArgumentError | undefined {
  return isUint8Array(packet)
    ? undefined
    : new InvalidArgumentError(
        'INVALID_PACKET',
        `send to "${recipient}": the packet is ${describeValue(packet)}; expected a Uint8Array${hintFor(packet)}`,
      );
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

/** Why the options of `send` or `ready` are invalid, if they are. */
export function signalError(
  call: string,
  name: string,
  options?: { signal?: AbortSignal },
): InvalidArgumentError | undefined {
  const signal = options?.signal;
  if (!(options instanceof AbortSignal) && (signal === undefined || signal instanceof AbortSignal)) {
    return undefined;
  }
  const found = describeValue(options instanceof AbortSignal ? options : signal);
  return invalidOption(`${call} "${name}": got ${found}; expected { signal: AbortSignal }`);
}
