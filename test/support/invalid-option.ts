import { expect } from 'vitest';

/** The error that a wrong option must cause, with exactly this message. */
export function invalidOption(message: string, code = 'INVALID_OPTION') {
  return expect.objectContaining({ name: 'InvalidArgumentError', code, message });
}
