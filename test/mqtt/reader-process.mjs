// A communicator with one connection, in a process that a test can stop: node reader-process.mjs URL. Prints "ready", and then, for each
// line of stdin, its counts as JSON.
import { MqttCommunicator } from 'serial-communicator/mqtt';

const remote = new MqttCommunicator({ url: process.argv[2] });
remote.addConnection('arm', { bridge: 'bench' });
remote.setReceiveHandler(() => undefined);
await remote.initialize();
console.log('ready');
process.stdin.on('data', () => console.log(JSON.stringify(remote.stats('arm'))));
process.stdin.on('end', () => process.exit());
