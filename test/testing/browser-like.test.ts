import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const TESTING = path.resolve(import.meta.dirname, '../../dist/testing/index.js');
const LIBRARY = path.resolve(import.meta.dirname, '../../dist/index.js');

/** Node's globals that tests in Jest with jsdom do not see. Timers are numbers there, as in a browser. */
const SETUP = `
  for (const name of ['setImmediate', 'clearImmediate', 'structuredClone', 'TextEncoder', 'TextDecoder', 'MessageChannel',
    'MessagePort', 'BroadcastChannel', 'fetch', 'ReadableStream', 'WritableStream', 'TransformStream', 'WebSocket']) {
    delete globalThis[name];
  }
  const { setTimeout, setInterval } = globalThis;
  globalThis.setTimeout = (...rest) => Number(setTimeout(...rest));
  globalThis.setInterval = (...rest) => Number(setInterval(...rest));
`;

const PROGRAM = `
  ${SETUP}
  const { SerialCommunicator } = await import(process.argv[1]);
  const testing = await import(process.argv[2]);
  const { LoopbackCommunicator, MockDevice, mockBinding, FaultyLine, SimulatedBoard, simulatedBinding } = testing;

  async function echo(communicator, connection) {
    communicator.addConnection('a', connection);
    const echoed = new Promise((resolve) => communicator.setReceiveHandler((_name, packet) => resolve(packet)));
    await communicator.initialize();
    await communicator.send('a', Uint8Array.of(1, 0, 2));
    const packet = await echoed;
    await communicator.shutdown();
    return [...packet].join(' ');
  }

  const path = '/dev/a';
  const port = { path, baudRate: 115_200, settleMs: 50 };
  const mock = () => mockBinding(new MockDevice({ path, echo: true }));
  const board = new SimulatedBoard({ path, image: await testing.unoEchoImage() });
  console.log('loopback', await echo(new LoopbackCommunicator(), {}));
  console.log('mock', await echo(new SerialCommunicator({ binding: mock() }), port));
  console.log('faulty', await echo(new SerialCommunicator({ binding: new FaultyLine(mock(), { path }).binding }), port));
  console.log('board', await echo(new SerialCommunicator({ binding: simulatedBinding(board) }), port));
`;

test('every test double echoes without the globals that Jest with jsdom removes', async () => {
  const words = ['--input-type=module', '--eval', PROGRAM, LIBRARY, TESTING];
  const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 15_000 });
  expect(stdout.trim().split('\n')).toEqual(['loopback 1 0 2', 'mock 1 0 2', 'faulty 1 0 2', 'board 1 0 2']);
});
