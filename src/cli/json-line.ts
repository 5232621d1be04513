import { escapeJson } from './escape.js';
import type { PacketRecord } from './packet-record.js';

/** One JSON object: `ts`, `name`, `dir`, `length`, `hex`, and for a rejected frame `error`. */
export function jsonLine({ timeUs, name, dir, length, bytes, error }: PacketRecord): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return escapeJson({ ts: isoTime(timeUs), name, dir, length, hex, error });
}

/** ISO 8601 in UTC, with microseconds. */
export function isoTime(timeUs: number): string {
  const toMilliseconds = new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, -1);
  return `${toMilliseconds}${String(timeUs % 1000).padStart(3, '0')}Z`;
}
