import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessFailure } from './line-process.mjs';

/** Time limit for the start of a server. */
const START_MS = 10_000;

/** Returns a port of this machine on which nothing listens. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a server accepts connections. If it does not, calls `close` and fails. */
export async function untilAccepting(name, port, child, close) {
  let failed;
  child.once('error', ({ message }) => {
    failed = message;
  });
  const until = performance.now() + START_MS;
  while (!(await accepts(port))) {
    if (failed !== undefined || child.exitCode !== null || performance.now() > until) {
      close();
      throw new ProcessFailure(`${name}: ${failed ?? 'did not start'}`);
    }
    await delay(20);
  }
}

async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
