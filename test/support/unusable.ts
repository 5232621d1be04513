import { expect } from 'vitest';

/** The error of an argument that cannot be used, with exactly that message. */
export function unusable(message: string) {
  return expect.objectContaining({ name: 'InvalidArgumentError', code: 'INVALID_CONNECTION', message });
}
