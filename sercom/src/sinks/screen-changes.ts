import type { PacketRecord } from '../records/packet-record.js';
import type { Display } from '../session/session.js';
import type { Paint } from '../terminal/color.js';
import { escapeText, quotePacket } from '../text/escape.js';
import { toHex } from '../text/hex.js';

/** More kinds than that are not told apart: the oldest makes room. */
const MAX_KINDS = 1_000;

/** How many bytes of a packet a line shows. */
const SHOWN_BYTES = 32;

/** What is known of one kind of packet. */
interface Kind {
  name: string;
  dir: string;
  count: number;
  lastUs: number;
  /** Since the one before. */
  intervalUs: number | undefined;
  bytes: Uint8Array;
  length: number;
  /** Which of the bytes differ from those of the one before. */
  changed: boolean[];
  error: string | undefined;
}

/**
 * One line for each kind of packet: those of one connection and direction that begin with the same bytes. It holds
 * them; to draw them is up to others.
 */
export class ChangesDisplay implements Display {
  readonly isFull = false;
  readonly #leadingBytes: number;
  readonly #kinds = new Map<string, Kind>();
  #forgotten = 0;

  /** @param leadingBytes - how many bytes make the kind */
  constructor(leadingBytes: number) {
    this.#leadingBytes = leadingBytes;
  }

  /** How many kinds had to make room for others. */
  get forgotten(): number {
    return this.#forgotten;
  }

  show({ timeUs, name, dir, length, bytes, error }: PacketRecord): void {
    const lead = toHex(bytes.subarray(0, this.#leadingBytes));
    const key = JSON.stringify([name, dir, error ?? '', lead]);
    const before = this.#kinds.get(key);
    const shown = bytes.subarray(0, SHOWN_BYTES);
    // The one that came last stands last, so that the first is the one to make room.
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
      this.#forgotten++;
    }
  }

  clear(): void {
    this.#kinds.clear();
  }

  /** The lines below a line with titles: by connection, direction and leading bytes. */
  lines(paint: Paint): string[] {
    const kinds = [...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
    const nameWidth = Math.max('name'.length, ...kinds.map(({ name }) => escapeText(name).length));
    const title = `${'name'.padEnd(nameWidth)}  dir    count   interval  length  packet`;
    return [paint('dim', title), ...kinds.map((kind) => kindLine(kind, nameWidth, paint))];
  }
}

function kindLine(kind: Kind, nameWidth: number, paint: Paint): string {
  const { bytes, length, changed, error } = kind;
  const hex = Array.from(bytes, (byte, index) => {
    const digits = byte.toString(16).padStart(2, '0');
    return changed[index] ? paint('changed', digits) : digits;
  }).join(' ');
  const more = bytes.length < length ? ' …' : '';
  const meaning = error === undefined ? quotePacket(bytes) : paint('red', `rejected: ${error}`);
  return [
    paint('cyan', escapeText(kind.name).padEnd(nameWidth)),
    `${paint(kind.dir === 'rx' ? 'green' : 'yellow', kind.dir)} `,
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
