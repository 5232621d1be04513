import { quotePacket } from '../text/escape.js';

/** The number of bytes that are kept, and that a message quotes at most. */
const KEPT_BYTES = 256;
const QUOTED_BYTES = 24;

/** The share of printable characters from which bytes look like text. Of random bytes, 38 % are printable. */
const TEXT_SHARE = 0.9;

/** Negotiations of telnet, the last of which may be cut off: what a server that speaks it begins with. */
const TELNET = /^(?:\xff[\xfb-\xfe][^])*\xff[\xfb-\xfe][^]?$/;

const NOTHING = new Uint8Array(0);

/** Keeps some bytes of each port that are no packet: what there is to see of a device that sends no frames. */
export class UnframedBytes {
  readonly #kept = new Map<string, Uint8Array>();
  readonly #malformed = new Map<string, Uint8Array>();

  /** Takes a chunk that a port has read: its bytes after the last delimiter. */
  readonly take = (name: string, bytes: Uint8Array): void => {
    const end = bytes.lastIndexOf(0);
    const before = end >= 0 ? [] : [this.#kept.get(name) ?? NOTHING];
    this.#kept.set(name, Buffer.concat([...before, bytes.subarray(end + 1)]).subarray(-KEPT_BYTES));
  };

  /** Takes the first bytes of a malformed frame. */
  takeMalformed(name: string, head: Uint8Array): void {
    this.#malformed.set(name, head);
  }

  /** The first bytes of the last malformed frame, or, if there was none, the latest bytes after the last delimiter. */
  of(name: string): Uint8Array {
    return this.#malformed.get(name) ?? this.#kept.get(name) ?? NOTHING;
  }
}

/** What bytes without a delimiter look like, and what to do about it. */
export function explainUnframed(bytes: Uint8Array): string {
  if (isTelnet(bytes)) {
    return 'they look like telnet: if a server speaks it, use rfc2217:// instead of tcp://';
  }
  const text = quotedText(bytes);
  return text === undefined
    ? 'check the baud rate, and that the device sends COBS frames'
    : `they look like text (${text}): the device prints text (Serial.println) instead of COBS frames`;
}

/** Whether bytes look like the beginning of telnet. */
export function isTelnet(bytes: Uint8Array): boolean {
  return TELNET.test(Buffer.from(bytes).toString('latin1'));
}

/** The beginning of bytes that look like text, quoted. */
export function quotedText(bytes: Uint8Array): string | undefined {
  const printable = bytes.filter((byte) => (byte >= 0x20 && byte < 0x7f) || [0x09, 0x0a, 0x0d, 0x1b].includes(byte));
  if (bytes.length === 0 || printable.length < TEXT_SHARE * bytes.length) {
    return undefined;
  }
  return `${quotePacket(bytes.subarray(0, QUOTED_BYTES))}${bytes.length > QUOTED_BYTES ? '…' : ''}`;
}
