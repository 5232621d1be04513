import type { Decoder } from '../decoders/index.js';
import { microsOf } from '../records/clock.js';
import type { PacketRecord } from '../records/packet-record.js';
import { escapeJson } from '../text/escape.js';
import { toHex } from '../text/hex.js';
import { decodeRecord } from './decoded.js';

/**
 * One JSON object: `ts`, `name`, `dir`, `length`, `hex`; `decoded` if there is a decoder, and it could; `error` for a
 * rejected frame, and for a packet that could not be decoded (it then begins with `decode: `).
 */
export function jsonLine(record: PacketRecord, decoder?: Decoder): string {
  const { timeUs, name, dir, length, bytes } = record;
  const hex = toHex(bytes);
  // Put together by hand: to search all of it for what must be escaped took longer than everything else.
  const line = `{"ts":"${isoTime(timeUs)}","name":${quotedName(name)},"dir":"${dir}","length":${length},"hex":"${hex}"`;
  const decoded = decoder && decodeRecord(record, decoder);
  const value = decoded !== undefined && 'value' in decoded ? `,"decoded":${escapeJson(decoded.value.value)}` : '';
  const error = decoded !== undefined && 'problem' in decoded ? `decode: ${decoded.problem}` : record.error;
  return `${line}${value}${error === undefined ? '' : `,"error":${escapeJson(error)}`}}`;
}

let lastName: string | undefined;
let lastQuotedName = '';

/** The name as JSON. Mostly it is that of the record before. */
function quotedName(name: string): string {
  if (name !== lastName) {
    lastName = name;
    lastQuotedName = escapeJson(name);
  }
  return lastQuotedName;
}

let lastSecond = Number.NaN;
let lastSecondText = '';

/** ISO 8601 in UTC, with microseconds. */
export function isoTime(timeUs: number): string {
  const second = Math.floor(timeUs / 1_000_000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = new Date(second * 1_000).toISOString().slice(0, -'000Z'.length);
  }
  return `${lastSecondText}${microsOf(timeUs)}Z`;
}
