/** An event that a server sent. */
export interface ServerEvent {
  /** `message` if the server gives none. */
  readonly type: string;
  readonly data: string;
}

/** More than the largest batch. A server that sends a longer line is not ours. */
const MAX_EVENT_CHARACTERS = 16_777_216;

/**
 * Parses a stream of server-sent events, in chunks of any size. `EventSource` would do so, but cannot send the token in a
 * header.
 */
export class EventParser {
  readonly #onEvent: (event: ServerEvent) => void;
  readonly #maxCharacters: number;
  /** What came of a line that has not ended. */
  #parts: string[] = [];
  #characters = 0;
  #type = '';
  #data: string[] = [];
  /** After a CR, an LF belongs to the same line end, even in the next chunk. */
  #endedWithCr = false;
  #isFirst = true;

  /** @param maxCharacters - of one event */
  constructor(onEvent: (event: ServerEvent) => void, maxCharacters = MAX_EVENT_CHARACTERS) {
    this.#onEvent = onEvent;
    this.#maxCharacters = maxCharacters;
  }

  /** @throws RangeError if an event is too long. */
  push(chunk: string): void {
    let at = this.#isFirst && chunk.startsWith('\ufeff') ? 1 : 0;
    if (chunk !== '') {
      this.#isFirst = false;
    }
    if (this.#endedWithCr && chunk.startsWith('\n')) {
      at = 1;
    }
    if (chunk !== '') {
      this.#endedWithCr = chunk.endsWith('\r');
    }
    const lineEnd = /\r\n|\n|\r/g;
    lineEnd.lastIndex = at;
    for (let match = lineEnd.exec(chunk); match !== null; match = lineEnd.exec(chunk)) {
      this.#add(chunk.slice(at, match.index));
      this.#line(this.#parts.length === 1 ? this.#parts[0]! : this.#parts.join(''));
      this.#parts = [];
      at = lineEnd.lastIndex;
    }
    if (at < chunk.length) {
      this.#add(chunk.slice(at));
    }
  }

  #add(part: string): void {
    this.#characters += part.length;
    if (this.#characters > this.#maxCharacters) {
      throw new RangeError('the server sent an event that is too long');
    }
    this.#parts.push(part);
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    // A comment, which only keeps the connection open.
    if (colon === 0) {
      this.#characters -= line.length;
      return;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') {
      this.#data.push(value);
    } else if (field === 'event') {
      this.#type = value;
    }
  }

  #dispatch(): void {
    const type = this.#type === '' ? 'message' : this.#type;
    const data = this.#data;
    this.#type = '';
    this.#data = [];
    this.#characters = 0;
    if (data.length > 0) {
      this.#onEvent({ type, data: data.join('\n') });
    }
  }
}
