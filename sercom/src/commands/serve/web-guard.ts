import { GrowingBuffer } from './growing-buffer.js';

/** How long the first bytes of a client are held if they may be the beginning of a request of a web page. */
const HOLD_MS = 250;

/** What may be the beginning of a request is not longer than this. */
const MAX_HELD_BYTES = 8_192;

/** Who a client is, by its first bytes. */
export type Verdict = 'undecided' | 'welcome' | 'http' | 'tls' | 'webrtc';

/** What a client that is cut off has sent. */
const WEB_CLIENTS: Readonly<Record<Exclude<Verdict, 'undecided' | 'welcome'>, string>> = {
  http: 'an HTTP request',
  tls: 'a TLS hello',
  webrtc: 'a WebRTC message',
};

/** The usual methods, and the beginning of a target. A text command such as `GET temperature` is none. */
const USUAL_REQUEST = /^(?:(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|TRACE|PRI) (?:[/*]|http)|CONNECT )/;

/** A page may choose any method if its own address leads here, so then the version decides: `ls /` is a text command. */
const OTHER_REQUEST = /^[\w!#$%&'*+.^`|~-]+ [!-~]+ HTTP\//;

const START_OF_REQUEST = /^[\w!#$%&'*+.^`|~-]*(?: [!-~]*(?: H?T?T?P?)?)?$/;

type Pattern = readonly ((byte: number) => boolean)[];

const any = () => true;
const is = (...values: number[]) => values.map((value) => (byte: number) => byte === value);
const atMost = (limit: number) => (byte: number) => byte <= limit;
const isLowByteOfLength = (byte: number) => byte % 4 === 0;

/** The cookie of each STUN message. */
const COOKIE = is(0x21, 0x12, 0xa4, 0x42);

/** How other clients begin that a page can make a browser be. The page chooses a part of what WebRTC sends. */
const PATTERNS: readonly (readonly ['tls' | 'webrtc', Pattern])[] = [
  // Record type 22, version 3.x, two bytes of length, message type 1, and the first byte of its length.
  ['tls', [...is(22, 3), atMost(4), any, any, ...is(1, 0)]],
  // The hello of SSL 2, which WebRTC can send, too: its length, message type 1, and version 3.x.
  ['tls', [...is(0x80), any, ...is(1, 3), atMost(4)]],
  // To a STUN or TURN server: a Binding or Allocate request, its length, and the cookie.
  ['webrtc', [...is(0), (byte) => byte === 1 || byte === 3, atMost(7), isLowByteOfLength, ...COOKIE]],
  // To a peer over TCP: the length of a message, and a Binding request.
  ['webrtc', [atMost(7), isLowByteOfLength, ...is(0, 1), atMost(7), isLowByteOfLength, ...COOKIE]],
];

/** Holds the first bytes of a client until it is clear that they are not from a web page. */
export class WebGuard {
  readonly #welcome: (bytes: Uint8Array) => void;
  readonly #cutOff: (what: string) => void;
  readonly #held = new GrowingBuffer();
  #timer: NodeJS.Timeout | undefined;
  #isDone = false;

  /**
   * @param welcome - gets all bytes of a client that is not a web page, at once or later
   * @param cutOff - called with what a web page has sent
   */
  constructor(welcome: (bytes: Uint8Array) => void, cutOff: (what: string) => void) {
    this.#welcome = welcome;
    this.#cutOff = cutOff;
  }

  push(chunk: Uint8Array): void {
    if (this.#isDone) {
      this.#welcome(chunk);
      return;
    }
    this.#held.append(chunk);
    const verdict = judge(this.#held.bytes);
    switch (verdict) {
      case 'welcome':
        this.release();
        break;
      case 'undecided':
        // What has arrived by then is read before the check that follows.
        this.#timer ??= setTimeout(() => setImmediate(() => this.release()), HOLD_MS);
        break;
      default:
        this.close();
        this.#cutOff(WEB_CLIENTS[verdict]);
    }
  }

  /** Nothing more will come, or not soon: what is held is not from a web page, which would have sent more. */
  release(): void {
    if (!this.#isDone) {
      const bytes = this.#held.take();
      this.close();
      if (bytes.length > 0) {
        this.#welcome(bytes);
      }
    }
  }

  /** Forgets what is held. */
  close(): void {
    clearTimeout(this.#timer);
    this.#isDone = true;
    this.#held.clear();
  }
}

/**
 * Judges the first bytes of a client. A web page can connect to any port of this machine, but what it sends begins with
 * an HTTP request, a TLS hello or a message of WebRTC, which the browser writes.
 */
export function judge(start: Uint8Array): Verdict {
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, MAX_HELD_BYTES + 1)).toString(
    'latin1',
  );
  if (USUAL_REQUEST.test(text) || OTHER_REQUEST.test(text)) {
    return 'http';
  }
  let isUndecided = START_OF_REQUEST.test(text);
  if (isUndecided && start.length > MAX_HELD_BYTES) {
    // Letting it through would let a page through whose request begins so.
    return 'http';
  }
  for (const [verdict, pattern] of PATTERNS) {
    if (pattern.every((matches, index) => index >= start.length || matches(start[index]!))) {
      if (start.length >= pattern.length) {
        return verdict;
      }
      isUndecided = true;
    }
  }
  return isUndecided ? 'undecided' : 'welcome';
}
