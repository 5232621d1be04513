/** Interpret as command: the byte that begins every command, and is doubled in data. */
const IAC = 255;
/** Begins and ends a subnegotiation. */
const SB = 250;
const SE = 240;

/** A command that negotiates an option: the sender will or will not use it, and asks the peer to use it or not. */
export type TelnetVerb = 'will' | 'wont' | 'do' | 'dont';

/** In the order of their codes. */
const VERBS: readonly TelnetVerb[] = ['will', 'wont', 'do', 'dont'];
const WILL = 251;

/** Takes what a {@link TelnetDecoder} finds, in the order of the bytes. */
export interface TelnetListener {
  /** Data, unescaped: part of the bytes that were pushed, not a copy. */
  data(bytes: Uint8Array): void;
  /** The peer negotiates an option. */
  negotiation(verb: TelnetVerb, option: number): void;
  /** The peer sent what belongs to an option. `value` is valid until the call returns. */
  subnegotiation(option: number, value: Uint8Array): void;
}

/** Maximum length of a subnegotiation. Those of RFC 2217 have a few bytes, except the text of a signature. */
const MAX_SUBNEGOTIATION_BYTES = 1_024;

/**
 * What the next byte is:
 *
 * - `data`: data, or IAC
 * - `command`: a command, or the second byte of an escaped 0xFF
 * - `option`: the option of a negotiation
 * - `value`, `valueCommand`: the same as the first two, in a subnegotiation
 */
type DecoderState = 'data' | 'command' | 'option' | 'value' | 'valueCommand';

/**
 * Separates data, negotiations and subnegotiations in the bytes of a telnet peer, which arrive in chunks of any size.
 * Other commands, such as NOP, are ignored.
 */
export class TelnetDecoder {
  readonly #listener: TelnetListener;
  readonly #value = new Uint8Array(MAX_SUBNEGOTIATION_BYTES);
  #state: DecoderState = 'data';
  #verb: TelnetVerb = 'will';
  /** Length of the subnegotiation so far, its option included. It may exceed the limit. */
  #length = 0;
  #discarded = 0;

  /** @param listener - called within {@link push} */
  constructor(listener: TelnetListener) {
    this.#listener = listener;
  }

  /** Number of subnegotiations that were empty, unfinished or longer than 1,024 bytes. They are not passed on. */
  get discarded(): number {
    return this.#discarded;
  }

  /** Decodes the next chunk. Calls the listener before it returns. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#state === 'data' ? this.#decodeData(chunk, at, at) : this.#decodeByte(chunk, at);
    }
  }

  /** @param start - of the data; what is before `at` is known to be data */
  #decodeData(chunk: Uint8Array, start: number, at: number): number {
    const found = chunk.indexOf(IAC, at);
    const end = found < 0 ? chunk.length : found;
    if (found >= 0 && chunk[found + 1] === IAC) {
      // The first of the two is the data.
      this.#listener.data(chunk.subarray(start, end + 1));
      return end + 2;
    }
    if (end > start) {
      this.#listener.data(chunk.subarray(start, end));
    }
    if (found >= 0) {
      this.#state = 'command';
    }
    return end + 1;
  }

  #decodeByte(chunk: Uint8Array, at: number): number {
    const byte = chunk[at]!;
    switch (this.#state) {
      case 'option':
        this.#state = 'data';
        this.#listener.negotiation(this.#verb, byte);
        break;
      case 'value':
        if (byte === IAC) {
          this.#state = 'valueCommand';
        } else {
          this.#append(byte);
        }
        break;
      case 'valueCommand':
        if (byte === IAC) {
          this.#state = 'value';
          this.#append(IAC);
        } else {
          this.#endSubnegotiation(byte);
        }
        break;
      default:
        if (byte === IAC) {
          // The first byte of the pair ended the chunk before.
          this.#state = 'data';
          return this.#decodeData(chunk, at, at + 1);
        }
        this.#command(byte);
    }
    return at + 1;
  }

  #command(byte: number): void {
    const verb = VERBS[byte - WILL];
    if (verb !== undefined) {
      this.#verb = verb;
      this.#state = 'option';
    } else if (byte === SB) {
      this.#length = 0;
      this.#state = 'value';
    } else {
      this.#state = 'data';
    }
  }

  #append(byte: number): void {
    if (this.#length < this.#value.length) {
      this.#value[this.#length] = byte;
    }
    this.#length++;
  }

  /** @param byte - the command that ends it: SE, or any other if the peer did not finish it */
  #endSubnegotiation(byte: number): void {
    this.#state = 'data';
    if (byte === SE && this.#length > 0 && this.#length <= this.#value.length) {
      this.#listener.subnegotiation(this.#value[0]!, this.#value.subarray(1, this.#length));
      return;
    }
    this.#discarded++;
    if (byte !== SE) {
      this.#command(byte);
    }
  }
}

/** Escapes data for a telnet peer: doubles each 0xFF. Returns `bytes` itself if there is none. */
export function telnetEscape(bytes: Uint8Array): Uint8Array {
  let found = bytes.indexOf(IAC);
  if (found < 0) {
    return bytes;
  }
  let count = 0;
  for (let at = found; at >= 0; at = bytes.indexOf(IAC, at + 1)) {
    count++;
  }
  const escaped = new Uint8Array(bytes.length + count);
  let from = 0;
  let to = 0;
  while (found >= 0) {
    escaped.set(bytes.subarray(from, found + 1), to);
    to += found + 1 - from;
    escaped[to++] = IAC;
    from = found + 1;
    found = bytes.indexOf(IAC, from);
  }
  escaped.set(bytes.subarray(from), to);
  return escaped;
}

/** The bytes that negotiate an option. */
export function telnetNegotiation(verb: TelnetVerb, option: number): Uint8Array {
  return Uint8Array.of(IAC, WILL + VERBS.indexOf(verb), option);
}

/** The bytes of a subnegotiation, its value escaped. */
export function telnetSubnegotiation(option: number, value: Uint8Array): Uint8Array {
  const escaped = telnetEscape(value);
  return Uint8Array.of(IAC, SB, option, ...escaped, IAC, SE);
}
