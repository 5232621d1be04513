import { quotePacket } from '../text/escape.js';

/** The number of bytes that are kept, and that a message quotes at most. */
const KEPT_BYTES = 256;
const QUOTED_BYTES = 24;

/** The share of printable characters from which bytes look like text. Of random bytes, 38 % are printable. */
const TEXT_SHARE = 0.9;

/** The latest bytes of each port after its last delimiter: what there is to see of a device that sends no frames. */
export class UnframedBytes {
  readonly #kept = new Map<string, Uint8Array>();

  /** Takes a chunk that a port has read. */
  readonly take = (name: string, bytes: Uint8Array): void => {
    const end = bytes.lastIndexOf(0);
    const before = end >= 0 ? [] : [this.of(name)];
    this.#kept.set(name, Buffer.concat([...before, bytes.subarray(end + 1)]).subarray(-KEPT_BYTES));
  };

  of(name: string): Uint8Array {
    return this.#kept.get(name) ?? new Uint8Array(0);
  }
}

/** What bytes without a delimiter look like, and what to do about it. */
export function explainUnframed(bytes: Uint8Array): string {
  if (bytes.length === 0 || !looksLikeText(bytes)) {
    return 'check the baud rate, and that the device sends COBS frames';
  }
  const quoted = `${quotePacket(bytes.subarray(0, QUOTED_BYTES))}${bytes.length > QUOTED_BYTES ? '…' : ''}`;
  return `they look like text (${quoted}): the device prints text (Serial.println) instead of COBS frames`;
}

function looksLikeText(bytes: Uint8Array): boolean {
  const printable = bytes.filter((byte) => (byte >= 0x20 && byte < 0x7f) || [0x09, 0x0a, 0x0d, 0x1b].includes(byte));
  return printable.length >= TEXT_SHARE * bytes.length;
}
