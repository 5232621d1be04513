// npm run demo: shows the packet monitor without hardware, on a simulated Arduino Uno that runs the firmware-echo sketch.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SERCOM = fileURLToPath(new URL('../sercom/bin/sercom.js', import.meta.url));

function sercom(...commandLine) {
  const shown = commandLine.map((part) => (/[^\w:=.-]/.test(part) ? `"${part}"` : part));
  console.log(`\n$ sercom ${shown.join(' ')}`);
  const { status } = spawnSync(process.execPath, [SERCOM, ...commandLine], { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`demo: sercom exited with ${status}`);
    process.exit(1);
  }
}

console.log(
  'A simulated Arduino Uno runs the firmware-echo sketch, which echoes each packet. The monitor sends it one packet per\n' +
    'second (tx) and prints the echo (rx): time, connection, direction, length, and the bytes in hex and as text.',
);
sercom('monitor', 'sim:', '-n', '3', '--timeout', '60');

console.log('\nFor scripts, one JSON object per line:');
sercom('monitor', 'uno=sim:', '-n', '1', '--timeout', '60', '--json');

console.log('\nSend one packet and wait for the reply. Bytes that could control the terminal are escaped:');
sercom('send', 'sim:', '--hex', '00 01 fe ff 1b 5b 32 4a', '--wait', '1', '--timeout', '60');

console.log(
  '\nTo try it with your own board, flash the sketch (see firmware-echo/README.md), find the port with "npx sercom list",\n' +
    'and run: npx sercom send PORT --text hello --wait 1 --settle 2000',
);
