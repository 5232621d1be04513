// Programs that make a serial port a network port.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, untilAccepting } from './free-port.mjs';
import { ProcessFailure } from './line-process.mjs';

const SERCOM = fileURLToPath(new URL('../../sercom/bin/sercom.js', import.meta.url));

/** Starts `sercom serve`. Returns the path of its network port. */
export function startServe(path) {
  const child = spawn(process.execPath, [SERCOM, 'serve', path, '--tcp', '127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stderr.on('data', (chunk) => {
      printed += chunk;
      const port = / on 127\.0\.0\.1:(\d+);/.exec(printed)?.[1];
      if (port !== undefined) {
        resolve({ path: `tcp://127.0.0.1:${port}`, close: () => child.kill('SIGKILL') });
      }
    });
    child.once('exit', () => reject(new ProcessFailure(`sercom serve: ${printed}`)));
  });
}

/** Starts `ser2net`, version 4, which passes on each byte at once. Returns the path of its network port. */
export async function startSer2net(path) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-ser2net-'));
  const port = await freePort();
  const file = join(folder, 'ser2net.yaml');
  writeFileSync(
    file,
    [
      'connection: &bench',
      `  accepter: tcp,127.0.0.1,${port}`,
      `  connector: serialdev,${path},115200n81,local`,
      '  options:',
      '    chardelay: false',
      '',
    ].join('\n'),
  );
  const child = spawn('ser2net', ['-n', '-c', file], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const close = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  await untilAccepting('ser2net', port, child, close);
  return { path: `tcp://127.0.0.1:${port}`, close };
}
