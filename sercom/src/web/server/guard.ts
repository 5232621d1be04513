import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../../options/listen-address.js';
import { Refusal } from './refusal.js';
import type { Token } from './token.js';

/** What may be asked for. */
export interface Access {
  readonly method: 'GET' | 'POST';
  /** Whether it needs the token. Only the page itself does not, which a browser loads before it has read the token. */
  readonly isSecret: boolean;
  /** Whether it is a document, which other pages may link to. */
  readonly isDocument?: boolean;
}

/**
 * Decides whether a request may be carried out. Any web page that the user visits can send requests to this machine, and one
 * whose name leads here (DNS rebinding) even reads the answers, so the headers that the browser writes are checked first. No
 * answer ever has a header of CORS.
 */
export class Guard {
  readonly #token: Token;
  readonly #hosts: ReadonlySet<string>;
  readonly #isPublic: boolean;

  /**
   * @param host - the one that the user named
   * @param isPublic - whether other machines can reach the server, under addresses that it does not know
   */
  constructor(token: Token, host: string, isPublic: boolean) {
    this.#token = token;
    this.#hosts = new Set(['localhost', host.toLowerCase()]);
    this.#isPublic = isPublic;
  }

  /** @throws Refusal */
  check({ headers, headersDistinct, httpVersion, method = '' }: IncomingMessage, access: Access): void {
    if (headers.host === undefined && httpVersion !== '1.0') {
      throw new Refusal('malformed', 'the header Host is missing');
    }
    // With several, a proxy might have looked at another one.
    this.#checkHost(headersDistinct.host?.length === 1 ? headers.host : undefined);
    checkOrigin(headers, access);
    if (method !== access.method && !(method === 'HEAD' && !access.isSecret)) {
      throw new Refusal('method', `use ${access.method}`, { Allow: access.method });
    }
    if (access.isSecret && !this.#token.isIn(headers.authorization)) {
      throw new Refusal('token', 'the token is missing or wrong; open the address that sercom has printed', {
        'WWW-Authenticate': 'Bearer',
      });
    }
    if (method === 'POST' && !/^application\/json *(?:;|$)/i.test(headers['content-type'] ?? '')) {
      throw new Refusal('type', 'the body must have the type application/json');
    }
  }

  /** A name that leads here may be anyone's, so only known ones are accepted. An address is nobody's choice. */
  #checkHost(header = ''): void {
    const [, bracketed, plain] = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header) ?? [];
    const host = (bracketed ?? plain ?? '').toLowerCase();
    const isKnown = this.#hosts.has(host) || (isIP(host) !== 0 && (this.#isPublic || isLoopback(host)));
    if (!isKnown) {
      throw new Refusal('host', 'unknown host; open the address that sercom has printed');
    }
  }
}

function checkOrigin(headers: IncomingMessage['headers'], { isDocument }: Access): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isLink = isDocument && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if ((origin !== undefined && origin.toLowerCase() !== `http://${host?.toLowerCase()}`) || !(isOwnSite || isLink)) {
    throw new Refusal('origin', 'another site has sent this request');
  }
}
