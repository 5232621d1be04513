// A bridge of one port, in a process that a test can kill: node bridge-process.mjs OPTIONS, as JSON. Prints one line for each event.
import { SerialCommunicator } from 'serial-communicator';
import { MqttBridge } from 'serial-communicator/mqtt';

const { path, settings, bridge: options } = JSON.parse(process.argv[2]);
const serial = new SerialCommunicator();
serial.addConnection('arm', { path, baudRate: 115_200, reconnect: { minDelayMs: 1 }, required: false, ...settings });
await serial.initialize();
const bridge = new MqttBridge(serial, options);
bridge.on('online', () => console.log('online'));
bridge.on('offline', ({ error }) => console.log(error.code));
await bridge.start();
