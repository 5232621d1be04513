/** So many that a program which gets each only when something else wakes it, such as a timer of Node, takes minutes. */
export const PACKETS = 10;

/**
 * Prints the next packets. Nothing else of its own wakes its event loop within a minute. Then it prints whether the event loop
 * rests. Its arguments are the port and the binding, `default` or `serialport`.
 */
export const IDLE_PROGRAM = `
import { setTimeout as delay } from 'node:timers/promises';
import { defaultBinding, SerialCommunicator } from 'serial-communicator';
import { SerialPort } from 'serialport';
const [path, kind] = process.argv.slice(1);
const serial = new SerialCommunicator({ binding: kind === 'default' ? defaultBinding : SerialPort.binding });
serial.addConnection('arm', { path, baudRate: 115_200 });
const running = setInterval(() => {}, 60_000);
let received;
serial.setReceiveHandler((_name, packet) => received(packet.join()));
await serial.initialize();
console.log('ready');
for (let i = 0; i < ${PACKETS}; i++) {
  console.log(await new Promise((resolve) => { received = resolve; }));
}
const before = performance.eventLoopUtilization();
await delay(300);
console.log(performance.eventLoopUtilization(before).utilization < 0.5 ? 'rests' : 'turns');
await serial.shutdown();
clearInterval(running);
`;

/** When to send the next packet, after the program has printed. Longer than it is busy. */
export const QUIET_MS = 200;

/** What it prints before packet `i`, counted from 0, if each holds its number. */
export const printedBefore = (i: number): string => ['ready', ...Array(i).keys(), ''].join('\n');
