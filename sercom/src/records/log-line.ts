import { toHex } from '../text/hex.js';
import { epochTime } from '../text/timestamp.js';
import type { PacketRecord } from './record.js';

/** Percent-encoded in names, as in a URL. */
const UNSAFE = /[\p{C}\p{Z}%]/gu;

/** What a capture can express. */
const MAX_FRAME_BYTES = 2 ** 32 - 1;

const LINE =
  /^\((\d{1,10})\.(\d{6})\) (\S+) (?:(rx|tx)#|rx!(malformed|too-long|too-short|checksum)\/(\d{1,10})#)((?:[0-9a-f]{2})*)$/u;

/**
 * Formats the line of a record in a log, without its line end:
 *
 * ```
 * (1700000000.123456) arm rx#68656c6c6f
 * (1700000000.123999) arm tx#
 * (1700000001.000017) arm rx!malformed/3#050102
 * ```
 */
export function logLine({ timeUs, name, dir, length, bytes, error }: PacketRecord): string {
  const hex = toHex(bytes);
  return `(${epochTime(timeUs)}) ${encodedName(name)} ${error === undefined ? dir : `rx!${error}/${length}`}#${hex}`;
}

/**
 * Parses what {@link logLine} writes, and nothing else.
 *
 * @throws Error if it is not such a line
 */
export function parseLogLine(line: string): PacketRecord {
  const match = LINE.exec(line);
  if (match === null) {
    throw new Error('not a line of a log; expected for example "(1700000000.123456) arm rx#68656c6c6f"');
  }
  const [, seconds, micros, encodedName = '', dir = 'rx', error, wireLength, hex = ''] = match;
  const bytes = Buffer.from(hex, 'hex');
  const name = decodeName(encodedName);
  const timeUs = Number(seconds) * 1_000_000 + Number(micros);
  if (!Number.isSafeInteger(timeUs)) {
    throw new Error(`time out of range; the latest is ${epochTime(Number.MAX_SAFE_INTEGER)}`);
  }
  if (error === undefined) {
    return { timeUs, name, dir: dir as PacketRecord['dir'], length: bytes.length, bytes };
  }
  const length = Number(wireLength);
  if (length > MAX_FRAME_BYTES) {
    throw new Error(`a frame of ${length} bytes; the longest is ${MAX_FRAME_BYTES} bytes`);
  }
  if (length < bytes.length) {
    throw new Error(`a frame of ${length} bytes cannot begin with ${bytes.length} bytes`);
  }
  return { timeUs, name, dir: 'rx', length, bytes, error: error as NonNullable<PacketRecord['error']> };
}

let lastName: string | undefined;
let lastEncodedName = '';

/** The name as written in a log. It is usually that of the record before, so that one is kept. */
export function encodedName(name: string): string {
  if (name !== lastName) {
    lastName = name;
    lastEncodedName = encodeName(name);
  }
  return lastEncodedName;
}

function encodeName(name: string): string {
  // A lone surrogate, which UTF-8 cannot represent, becomes U+FFFD.
  return Buffer.from(name)
    .toString()
    .replace(UNSAFE, (character) =>
      Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    );
}

/** Names by how they are written in a log, since a recording has few, and checking one takes longer than all the rest. */
const decodedNames = new Map<string, string>();

/** With more names than this, all are forgotten. */
const MAX_DECODED_NAMES = 100;

/** Longer ones are not remembered. */
const MAX_REMEMBERED_LENGTH = 1_000;

/**
 * The name that is written so in a log.
 *
 * @throws Error if none is
 */
export function decodeName(encoded: string): string {
  const known = decodedNames.get(encoded);
  if (known !== undefined) {
    return known;
  }
  const name = checkedName(encoded);
  if (encoded.length <= MAX_REMEMBERED_LENGTH) {
    if (decodedNames.size >= MAX_DECODED_NAMES) {
      decodedNames.clear();
    }
    decodedNames.set(encoded, name);
  }
  return name;
}

function checkedName(encoded: string): string {
  let name: string | undefined;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    // Reported below.
  }
  if (name === undefined || encodeName(name) !== encoded) {
    throw new Error(`invalid name "${encoded}"; white space, % and invisible characters must be written as %NN`);
  }
  return name;
}
