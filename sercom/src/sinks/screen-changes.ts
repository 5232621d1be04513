import type { PacketRecord } from '../records/record.js';
import type { Colorize } from '../terminal/color.js';
import { count } from '../text/count.js';
import { escapeText, quotePacket } from '../text/escape.js';
import { toHex } from '../text/hex.js';
import type { RecordSink } from './sink.js';

/** Beyond this, the kind that was seen least recently is forgotten. */
const MAX_KINDS = 1_000;

/** The number of bytes of a packet in a line. */
const SHOWN_BYTES = 32;

/** One kind of packet. */
interface Kind {
  name: string;
  dir: string;
  count: number;
  lastUs: number;
  /** Since the packet before. */
  intervalUs: number | undefined;
  bytes: Uint8Array;
  length: number;
  /** Which bytes differ from those of the packet before. */
  changed: boolean[];
  error: string | undefined;
}

/**
 * The screen of `--changes`: one line for each kind of packet. A kind is what has the same connection, direction, reason
 * of rejection and leading bytes. It only collects the lines, which others draw or print.
 */
export class ScreenChanges implements RecordSink {
  readonly whenFull = 'hold';
  readonly #leadingBytes: number;
  readonly #kinds = new Map<string, Kind>();
  #forgottenKinds = 0;

  /** @param leadingBytes - the number of leading bytes that identify a kind */
  constructor(leadingBytes: number) {
    this.#leadingBytes = leadingBytes;
  }

  write({ timeUs, name, dir, length, bytes, error }: PacketRecord): void {
    const lead = toHex(bytes.subarray(0, this.#leadingBytes));
    const key = JSON.stringify([name, dir, error ?? '', lead]);
    const before = this.#kinds.get(key);
    const shown = bytes.subarray(0, SHOWN_BYTES);
    // Moves the kind to the end, so that the first is the one seen least recently.
    this.#kinds.delete(key);
    this.#kinds.set(key, {
      name,
      dir,
      count: (before?.count ?? 0) + 1,
      lastUs: timeUs,
      intervalUs: before && timeUs - before.lastUs,
      bytes: shown,
      length,
      changed: Array.from(shown, (byte, index) => before !== undefined && byte !== before.bytes[index]),
      error,
    });
    if (this.#kinds.size > MAX_KINDS) {
      const [oldest] = this.#kinds.keys();
      this.#kinds.delete(oldest!);
      this.#forgottenKinds++;
    }
  }

  clear(): void {
    this.#kinds.clear();
  }

  /** A title, the kinds sorted by connection, direction and leading bytes, and how many kinds were forgotten. */
  lines(colorize: Colorize): string[] {
    const kinds = [...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
    const nameWidth = Math.max('name'.length, ...kinds.map(({ name }) => escapeText(name).length));
    const title = `${'name'.padEnd(nameWidth)}  dir    count   interval  length  packet`;
    const lines = [colorize('dim', title), ...kinds.map((kind) => kindLine(kind, nameWidth, colorize))];
    return this.#forgottenKinds === 0
      ? lines
      : [...lines, colorize('dim', `${count(this.#forgottenKinds, 'older kind')} forgotten`)];
  }
}

function kindLine(kind: Kind, nameWidth: number, colorize: Colorize): string {
  const { bytes, length, changed, error } = kind;
  const hex = Array.from(bytes, (byte, index) => {
    const digits = toHex(Uint8Array.of(byte));
    return changed[index] ? colorize('changed', digits) : digits;
  }).join(' ');
  const more = bytes.length < length ? ' …' : '';
  const meaning = error === undefined ? quotePacket(bytes) : colorize('red', `rejected: ${error}`);
  return [
    colorize('cyan', escapeText(kind.name).padEnd(nameWidth)),
    `${colorize(kind.dir === 'rx' ? 'green' : 'yellow', kind.dir)} `,
    String(kind.count).padStart(6),
    interval(kind.intervalUs).padStart(9),
    String(length).padStart(6),
    `${hex}${more}  ${meaning}`,
  ].join('  ');
}

function interval(us: number | undefined): string {
  if (us === undefined) {
    return '-';
  }
  return us < 10_000_000 ? `${(us / 1_000).toFixed(1)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}
