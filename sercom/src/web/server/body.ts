import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.js';

/**
 * Reads the body of a request.
 *
 * @throws Refusal if it is too long; an error of the connection if the client leaves
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    throw tooLong(maxBytes);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw tooLong(maxBytes);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLong(maxBytes: number): Refusal {
  return new Refusal('size', `the body is longer than ${maxBytes} bytes`);
}

/**
 * The object in the body of a request.
 *
 * @throws Refusal if it is something else
 */
export function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    // Reported below.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('body', 'the body is not a JSON object');
  }
  return value as Record<string, unknown>;
}
