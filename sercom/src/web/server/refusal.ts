/** Why a request is refused, for the counter in the metrics. */
export type RefusalReason =
  | 'host'
  | 'origin'
  | 'token'
  | 'path'
  | 'method'
  | 'rate'
  | 'type'
  | 'size'
  | 'body'
  | 'busy'
  | 'forbidden'
  | 'gone'
  | 'malformed'
  | 'slow'
  | 'headers';

const STATUS: Readonly<Record<RefusalReason, number>> = {
  host: 421,
  origin: 403,
  token: 401,
  path: 404,
  method: 405,
  rate: 429,
  type: 415,
  size: 413,
  body: 400,
  busy: 503,
  forbidden: 403,
  gone: 404,
  malformed: 400,
  slow: 408,
  headers: 431,
};

/** All reasons. */
export const REFUSAL_REASONS = Object.keys(STATUS) as readonly RefusalReason[];

/** A request that is not carried out. The message says what is wrong and what to do. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;
  readonly headers: Readonly<Record<string, string>>;

  constructor(reason: RefusalReason, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.reason = reason;
    this.headers = headers;
  }

  get status(): number {
    return STATUS[this.reason];
  }
}

/** Why the HTTP parser of Node refuses a request, which it answers itself. Undefined if the error is another one. */
export function parserRefusal(code: unknown): RefusalReason | undefined {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'slow';
    case 'HPE_HEADER_OVERFLOW':
      return 'headers';
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'size';
    default:
      return typeof code === 'string' && code.startsWith('HPE_') ? 'malformed' : undefined;
  }
}
