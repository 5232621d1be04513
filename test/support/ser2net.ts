import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { has } from './tools.js';

/** Whether `ser2net` is installed. Debian installs it where only root has its PATH. */
export const SER2NET = ['ser2net', '/usr/sbin/ser2net'].find(has);

/** A running `ser2net` that serves one port. */
export interface Ser2net {
  /** The TCP port on which it listens, at 127.0.0.1. */
  readonly port: number;
  close(): Promise<void>;
}

/** The `LISTEN` of `/proc/net/tcp`. */
const LISTENING = '0A';

/**
 * Starts `ser2net`, which must be installed.
 *
 * @param device - path of the serial port, for example a pty
 * @param accepter - what it speaks, without the port: `tcp` for raw bytes, `telnet(rfc2217),tcp` for RFC 2217
 * @param options - `port`: where to listen (default: a free port); `lines`: of its configuration, for example
 *   `max-connections: 2`
 */
export async function startSer2net(
  device: string,
  accepter: string,
  { port: wantedPort = 0, lines: options = [] }: { port?: number; lines?: string[] } = {},
): Promise<Ser2net> {
  const lines = [
    'connection: &port',
    `  accepter: ${accepter},127.0.0.1,${wantedPort}`,
    // It knows no pty by itself, and "local" keeps it from waiting for DCD.
    `  connector: serialdev,${device},115200n81,local`,
    ...(options.length > 0 ? ['  options:', ...options.map((option) => `    ${option}`)] : []),
  ];
  // It turns "#" into line ends. -u: without lock files, which a killed one would leave behind.
  const server = spawn(SER2NET!, ['-n', '-d', '-u', '-Y', lines.join('#')], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(server, 'exit');
  let log = '';
  server.stdout.on('data', (text) => {
    log += text;
  });
  server.stderr.on('data', (text) => {
    log += text;
  });
  let port: number | undefined;
  while (port === undefined) {
    if (server.exitCode !== null || server.pid === undefined) {
      throw new Error(`ser2net exited:\n${log}`);
    }
    port = await listeningPort(server.pid);
    await sleep(5);
  }
  return {
    port,
    async close() {
      // It ends only when the device has accepted everything, which a stalled one never does.
      server.kill('SIGKILL');
      await exited;
    },
  };
}

/** The TCP port on which a process listens. Undefined if it does not yet. */
async function listeningPort(pid: number): Promise<number | undefined> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const ports = new Map<string, number>();
  for (const row of table.split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
    if (state === LISTENING) {
      ports.set(`socket:[${inode}]`, Number.parseInt(local!.split(':')[1]!, 16));
    }
  }
  const folder = `/proc/${pid}/fd`;
  const files = await readdir(folder).catch(() => []);
  for (const file of files) {
    const target = await readlink(`${folder}/${file}`).catch(() => '');
    const port = ports.get(target);
    if (port !== undefined) {
      return port;
    }
  }
  return undefined;
}
