// Sends packets to a device that echoes them, and prints the echoes:
//
//   node examples/echo.mjs /dev/ttyACM0   a board with the firmware-echo sketch
//   node examples/echo.mjs                a simulated board
//
// Run `npm run build` first.
import { SerialCommunicator } from 'serial-communicator';
import { SimulatedBoard, simulatedBinding, unoEchoImage } from 'serial-communicator/testing';

const [path] = process.argv.slice(2);
const board = path === undefined ? new SimulatedBoard({ path: 'simulated', image: await unoEchoImage() }) : undefined;

const serial = new SerialCommunicator(board && { binding: simulatedBinding(board) });
// A real Uno resets when its port opens, and its boot loader discards what it receives in the first two seconds.
serial.addConnection('uno', { path: path ?? board.path, baudRate: 115_200, settleMs: board ? 50 : 2_000 });

let echoed = () => {};
serial.setReceiveHandler((_name, packet) => echoed(packet));
serial.on('rejectedFrame', ({ name, reason, wireBytes }) => console.warn(`${name}: ${wireBytes} bytes, ${reason}`));
serial.on('disconnected', ({ error }) => console.error(error.message));

await serial.initialize();
for (const text of ['one', 'two', 'three']) {
  const echo = new Promise((resolve, reject) => {
    echoed = resolve;
    setTimeout(reject, 5_000, new Error(`no echo of "${text}" in 5 seconds`)).unref();
  });
  await serial.send('uno', Buffer.from(text));
  console.log(`${text} -> ${Buffer.from(await echo)}`);
}
await serial.shutdown();
