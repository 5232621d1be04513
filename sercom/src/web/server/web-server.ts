import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { CliError, codeOf } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { isLoopback, type TcpAddress, writtenAddress } from '../../options/listen-address.js';
import { printMessage } from '../../terminal/message.js';
import { listenProblem } from '../../text/listen-problem.js';
import { Exchange } from './exchange.js';
import { Guard } from './guard.js';
import { SECURITY_HEADERS } from './headers.js';
import { LIMITS, type Limits, RateLimit } from './limits.js';
import { parserRefusal, Refusal, type RefusalReason } from './refusal.js';
import type { StaticFile } from './static-files.js';
import type { Token } from './token.js';

/** What is done for a path. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** Answers. May reject with a {@link Refusal} before it has begun to. */
  answer(exchange: Exchange): void | Promise<void>;
}

export interface WebServerOptions {
  readonly address: TcpAddress;
  /** Whether other machines may reach it. */
  readonly isPublic: boolean;
  readonly token: Token;
  /** By their paths. They need no token. */
  readonly files: ReadonlyMap<string, StaticFile>;
  /** By their paths. They need the token. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly limits?: Partial<Limits>;
}

/** How often connections are checked for their time limits. */
const CHECK_INTERVAL_MS = 1_000;

/** How long the end may take: answers that are not taken by then are cut off. */
const CLOSE_MS = 500;

/** The HTTP server of the live page. */
export class WebServer {
  readonly #server: Server;
  readonly #options: WebServerOptions;
  readonly #limits: Limits;
  readonly #guard: Guard;
  readonly #rate: RateLimit;
  readonly #refusals = new Map<RefusalReason, number>();
  /** Where a browser finds it, with a slash at the end. */
  readonly origin: string;
  #refusedConnections = 0;

  private constructor(server: Server, options: WebServerOptions, limits: Limits) {
    this.#server = server;
    this.#options = options;
    this.#limits = limits;
    const { address, isPublic, token } = options;
    this.#guard = new Guard(token, address.host, isPublic);
    this.#rate = new RateLimit(limits.requestsPerSecond, limits.requestsAtOnce);
    const actual = server.address() as AddressInfo;
    this.origin = `http://${writtenAddress(reachableHost(address.host), actual.port)}/`;
    server.on('request', (request, response) => void this.#answer(request, response));
    // Instead of an answer of Node, which nothing would count.
    server.on('checkExpectation', (request, response) => void this.#answer(request, response));
    server.on('connect', (request, socket) => void this.#answer(request, responseOn(socket as Socket, request)));
    // A listener of 'clientError' would have to answer in place of Node, so the error is seen when Node has answered.
    server.on('connection', (socket) => socket.on('error', (error) => this.#count(parserRefusal(codeOf(error)))));
    server.on('drop', () => this.#refusedConnections++);
    server.on('error', (error) => printMessage(`the page cannot accept a connection: ${error.message}`));
  }

  /**
   * Listens.
   *
   * @throws CliError if other machines could reach it and must not (usage error), or it cannot listen (failure)
   */
  static async open(options: WebServerOptions): Promise<WebServer> {
    const limits = { ...LIMITS, ...options.limits };
    const server = createServer({
      noDelay: true,
      // The guard refuses what has none, and counts it.
      requireHostHeader: false,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    });
    server.maxConnections = limits.connections;
    // Counts from the last byte that the client has sent or taken.
    server.setTimeout(limits.stallTimeoutMs);
    const { host, port } = options.address;
    const where = `--web-listen ${writtenAddress(host, port)}`;
    try {
      // Only the address says who can reach it, and a name may get another one at any time.
      const { address } = await lookup(host);
      if (!isLoopback(address) && !options.isPublic) {
        throw new CliError(
          ExitCode.usage,
          `${where}: other machines can reach this address; use 127.0.0.1 and ssh -L, or add --web-public`,
        );
      }
      server.listen({ host: address, port });
      await once(server, 'listening');
      if (!isLoopback(address)) {
        const { port } = server.address() as AddressInfo;
        printMessage(
          `warning: other machines can reach the page on ${writtenAddress(address, port)}, without encryption: who reads the traffic can read the packets and the token; use a firewall, or 127.0.0.1 and ssh -L`,
        );
      }
    } catch (error) {
      throw error instanceof CliError
        ? error
        : new CliError(ExitCode.failure, `${where}: ${listenProblem(error)}`, { cause: error });
    }
    return new WebServer(server, options, limits);
  }

  /** Requests that were refused, by reason. */
  get refusals(): ReadonlyMap<RefusalReason, number> {
    return this.#refusals;
  }

  /** Connections that were refused, because there were too many. */
  get refusedConnections(): number {
    return this.#refusedConnections;
  }

  /** Ends all connections. What has been answered is still sent, if the clients take it soon. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_MS);
    await closed;
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The connection was lost. What is answered then is discarded.
    request.on('error', () => {});
    response.on('error', () => {});
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      response.setHeader(name, value);
    }
    try {
      if (!this.#rate.take(this.#clientOf(request))) {
        throw new Refusal('rate', 'too many requests; wait a second', { 'Retry-After': '1' });
      }
      await this.#route(request, response);
    } catch (error) {
      this.#refuse(response, error);
    }
  }

  /** Those who have not the token are counted by themselves, so that they cannot use up the requests of those who have it. */
  #clientOf({ headers, socket }: IncomingMessage): string {
    const { remoteAddress = '' } = socket;
    return this.#options.token.isIn(headers.authorization) ? `${remoteAddress} with the token` : remoteAddress;
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const { files, routes } = this.#options;
    const file = files.get(path);
    if (file !== undefined) {
      this.#guard.check(request, { method: 'GET', isSecret: false, isDocument: file.isDocument });
      response.setHeader('Content-Type', file.type);
      response.end(file.content);
      return;
    }
    const route = routes.get(path);
    const method = route?.method ?? (request.method === 'POST' ? 'POST' : 'GET');
    this.#guard.check(request, { method, isSecret: true });
    if (route === undefined) {
      throw new Refusal('path', 'there is nothing at this path');
    }
    await route.answer(new Exchange(request, response, this.#limits));
  }

  #count(reason: RefusalReason | undefined): void {
    if (reason !== undefined) {
      this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    }
  }

  #refuse(response: ServerResponse, error: unknown): void {
    if (error instanceof Refusal) {
      this.#count(error.reason);
    } else if (!response.destroyed) {
      // Not the client's fault, so the user must know.
      printMessage(`the page: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (response.headersSent) {
      // A part of the answer is on its way, so only its end can show that something is missing.
      response.destroy();
      return;
    }
    const { status, message, headers } =
      error instanceof Refusal ? error : { status: 500, message: 'sercom has failed; see its messages', headers: {} };
    // The rest of the request is not read.
    response.writeHead(status, {
      ...headers,
      'Content-Type': 'application/json; charset=utf-8',
      ...(!isComplete(response) && { Connection: 'close' }),
    });
    response.end(JSON.stringify({ problem: message }));
  }
}

function isComplete({ req }: ServerResponse): boolean {
  return req.complete;
}

/** The answer to a request of which Node leaves the connection to its listener: it ends with the answer. */
function responseOn(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  return response;
}

/** An address that a browser can open, if all addresses of this machine lead to the server. */
function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') {
    return host;
  }
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
