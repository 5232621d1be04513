import { once } from 'node:events';
import { lstat, stat, unlink } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { CliError, codeOf } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { isLoopback, type TcpAddress, writtenAddress } from '../../options/listen-address.js';
import { printMessage } from '../../terminal/message.js';
import { type ListenProblems, listenProblem } from '../../text/listen-problem.js';

/** Everything but reading and writing by the owner. */
const UMASK = 0o177;

/** How long the path of a socket may be for the system. */
const MAX_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/** Gets each client. */
export type Accept = (socket: Socket) => void;

const PATH_PROBLEMS: ListenProblems = {
  ENOENT: 'no such folder; create it first',
  ENOTDIR: 'a part of the path is not a folder; check the path',
  EACCES: 'permission denied; name a socket elsewhere',
  EROFS: 'the file system is read-only; name a socket elsewhere',
};

/** Listens on one address. */
export class Listener {
  readonly #server: Server;
  /** As users write it, with the actual port. */
  readonly address: string;

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.address = address;
    server.on('error', (error) => printMessage(`cannot accept a client: ${error.message}; close some programs`));
  }

  /**
   * Listens for TCP connections. Warns if other machines can connect.
   *
   * @throws CliError (failure)
   */
  static async tcp({ host, port }: TcpAddress, accept: Accept): Promise<Listener> {
    const server = createServer({ noDelay: true }, accept);
    try {
      server.listen({ host, port });
      await once(server, 'listening');
    } catch (error) {
      throw failure(`--tcp ${writtenAddress(host, port)}`, listenProblem(error), error);
    }
    const actual = server.address() as AddressInfo;
    if (!isLoopback(actual.address)) {
      printMessage(
        `warning: other machines can connect to ${writtenAddress(actual.address, actual.port)}, without encryption or password; use a firewall, or 127.0.0.1 and ssh -L`,
      );
    }
    return new Listener(server, writtenAddress(host, actual.port));
  }

  /**
   * Listens on a Unix socket that only the user can open. A socket that nothing listens on any more is replaced.
   *
   * @throws CliError
   */
  static async unix(path: string, accept: Accept): Promise<Listener> {
    const where = `--unix ${path}`;
    try {
      checkLength(path);
      await removeStale(path);
      const server = createServer(accept);
      const before = process.umask(UMASK);
      try {
        // Creates the socket before it returns.
        server.listen({ path });
      } finally {
        process.umask(before);
      }
      await once(server, 'listening');
      return new Listener(server, path);
    } catch (error) {
      throw error instanceof CliError ? error : failure(where, listenProblem(error, PATH_PROBLEMS), error);
    }
  }

  /** Accepts no more clients. Those that are connected stay. */
  close(): void {
    this.#server.close();
  }
}

/** @throws CliError (usage error) if no socket can have the path. Some versions of Node.js cut a longer one */
function checkLength(path: string): void {
  if (path === '') {
    throw new CliError(ExitCode.usage, '--unix: the path is empty; name a socket, for example /run/user/1000/arm.sock');
  }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    const problem = `the path is longer than ${MAX_PATH_BYTES} bytes, so no socket can have it; name a shorter one`;
    throw new CliError(ExitCode.usage, `--unix ${path}: ${problem}`);
  }
}

/** @throws CliError (failure) if there is something else than a stale socket */
async function removeStale(path: string): Promise<void> {
  // Creating a socket in a folder that does not exist fails as if there were no permission.
  await stat(dirname(path));
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) {
    return;
  }
  if (!stats.isSocket()) {
    throw new CliError(ExitCode.failure, `--unix ${path}: it exists and is not a socket; choose another path`);
  }
  const socket = connect({ path });
  try {
    await once(socket, 'connect');
  } catch (error) {
    if (codeOf(error) !== 'ECONNREFUSED') {
      throw error;
    }
    await unlink(path);
    return;
  } finally {
    socket.destroy();
  }
  throw new CliError(ExitCode.failure, `--unix ${path}: another program listens there; choose another path`);
}

function failure(where: string, problem: string, cause: unknown): CliError {
  return new CliError(ExitCode.failure, `${where}: ${problem}`, { cause });
}
