import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { parseFilter } from '../../records/filter.js';
import type { PacketRecord } from '../../records/record.js';
import { parseHex } from '../../text/hex.js';
import { shorten } from '../../text/shorten.js';
import type { Mark } from './packet-store.js';

/** What begins like this are conditions. */
const CONDITIONS = /^\s*(?:name|dir|length|bytes|id|kind|text)(?:!=|<=|>=|=|<|>)/;

const HELP = 'expected text, bytes such as "0x01 02 ff", or conditions such as "length=4"';

/** What a search looks for. */
export interface Wanted {
  /** Whether a packet or rejected frame is it. */
  matches(record: PacketRecord): boolean;
  /** Whether a mark is it. */
  matchesMark(mark: Mark): boolean;
}

/**
 * Parses what to find: bytes as `0x…`, conditions in the syntax of `--filter`, or else text that a packet or a mark contains.
 *
 * @param hasIds - whether packets have ids, which some conditions need
 * @throws CliError (usage error)
 */
export function parseWanted(what: string, hasIds = false): Wanted {
  const where = `find "${shorten(what)}"`;
  if (CONDITIONS.test(what)) {
    return { matches: parseFilter(what, where, hasIds), matchesMark: () => false };
  }
  if (/^\s*0x/i.test(what)) {
    return { matches: containing(Buffer.from(hexBytes(what, where))), matchesMark: () => false };
  }
  if (what === '') {
    throw new CliError(ExitCode.usage, `nothing to find; ${HELP}`);
  }
  return { matches: containing(Buffer.from(what)), matchesMark: ({ text }) => text.includes(what) };
}

function hexBytes(what: string, where: string): Uint8Array {
  try {
    return parseHex(what);
  } catch (error) {
    throw new CliError(ExitCode.usage, `${where}: ${(error as Error).message}`, { cause: error });
  }
}

function containing(wanted: Buffer): Wanted['matches'] {
  return ({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(wanted);
}
