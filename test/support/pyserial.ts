import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** A python3 that has pyserial. Undefined if there is none. Debian's package is only for Debian's own python3. */
export const PYTHON_WITH_SERIAL = ['python3', '/usr/bin/python3'].find(
  (python) => spawnSync(python, ['-c', 'import serial.rfc2217']).status === 0,
);

/** A running server of RFC 2217 made of pyserial. */
export interface PyserialServer {
  /** The path that leads to it. */
  readonly path: `rfc2217://${string}`;
  /** What was set, for example `dtr False`. */
  readonly settings: string[];
  close(): Promise<void>;
}

/**
 * Starts a server, one client at a time, on a free port. `pyserial_server.py` documents what it prints.
 *
 * @param port - path of the serial port, or `loop://`, which echoes, and whose DTR is its DSR, and RTS its CTS
 */
export async function startPyserialServer(port: string): Promise<PyserialServer> {
  const server = spawn(PYTHON_WITH_SERIAL!, [path.join(import.meta.dirname, 'pyserial_server.py'), port], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  const settings: string[] = [];
  const lines = createInterface({ input: server.stdout });
  const [number] = await Promise.race([
    once(lines, 'line'),
    exited.then(() => {
      throw new Error('the server exited');
    }),
  ]);
  lines.on('line', (line) => settings.push(line));
  return {
    path: `rfc2217://127.0.0.1:${number}`,
    settings,
    async close() {
      server.kill();
      await exited;
    },
  };
}
