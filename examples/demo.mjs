// `npm run demo`: the packet monitor on a simulated Arduino Uno, which runs the firmware-echo sketch. No hardware.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SERCOM = fileURLToPath(new URL('../sercom/bin/sercom.js', import.meta.url));

function sercom(...commandLine) {
  const shown = commandLine.map((part) => (/[^\w:=.-]/.test(part) ? `"${part}"` : part));
  console.log(`\n$ sercom ${shown.join(' ')}`);
  const { status } = spawnSync(process.execPath, [SERCOM, ...commandLine], { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`demo: sercom ended with ${status}`);
    process.exit(1);
  }
}

console.log(
  'The firmware-echo sketch runs on a simulated ATmega328P and sends every packet back. The monitor sends it a packet\n' +
    'a second (tx) and shows what comes back (rx): time, connection, direction, length, bytes in hex and as text.',
);
sercom('monitor', 'sim:', '-n', '3', '--timeout', '60');

console.log('\nThe same for scripts, one JSON object a line:');
sercom('monitor', 'uno=sim:', '-n', '1', '--timeout', '60', '--json');

console.log('\nOne packet there, one back; bytes that could harm a terminal are escaped:');
sercom('send', 'sim:', '--hex', '00 01 fe ff 1b 5b 32 4a', '--wait', '1', '--timeout', '60');

console.log(
  '\nWith a board of your own: flash firmware-echo (see its README), find its port by "npx sercom list", and try',
);
console.log('npx sercom send PORT --text hello --wait 1 --settle 2000');
