// npm run test:hardware -- PORT [BAUD]: runs the echo tests against a board with firmware-echo, or a TX-RX jumper.
import { runProgram } from './run-program.mjs';

const [port, baud = '115200'] = process.argv.slice(2);
if (port === undefined || !/^\d+$/.test(baud)) {
  console.error('usage: npm run test:hardware -- PORT [BAUD]    for example: npm run test:hardware -- /dev/ttyACM0');
  process.exit(2);
}
const words = ['node_modules/vitest/vitest.mjs', 'run', 'test/hardware.test.ts'];
process.exitCode = runProgram(process.execPath, words, {
  ...process.env,
  HARDWARE_PORT: port,
  HARDWARE_BAUD: baud,
});
