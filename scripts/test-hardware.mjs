// npm run test:hardware -- PORT [BAUD]: runs the echo tests against a board with firmware-echo, or a TX-RX jumper.
import { spawnSync } from 'node:child_process';

const [port, baud = '115200'] = process.argv.slice(2);
if (port === undefined || !/^\d+$/.test(baud)) {
  console.error('usage: npm run test:hardware -- PORT [BAUD]    for example: npm run test:hardware -- /dev/ttyACM0');
  process.exit(2);
}
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/hardware.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, HARDWARE_PORT: port, HARDWARE_BAUD: baud },
});
process.exit(status ?? 1);
