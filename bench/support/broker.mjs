import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, untilAccepting } from './free-port.mjs';

/**
 * Starts mosquitto on a free port of this machine. Returns its URL and its process.
 *
 * @param {string[]} config lines of its configuration
 */
export async function startBroker(config = []) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-broker-'));
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  writeFileSync(file, [...user, `listener ${port} 127.0.0.1`, 'allow_anonymous true', ...config, ''].join('\n'));
  const child = spawn('mosquitto', ['-c', file], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const close = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  await untilAccepting('mosquitto', port, child, close);
  return { url: `mqtt://127.0.0.1:${port}`, pid: child.pid, close };
}
