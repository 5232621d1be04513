import { once } from 'node:events';
import { COM_PORT, encodeComPort, telnetNegotiation } from 'serial-communicator';
import { expect, test } from 'vitest';
import { version } from '../../../src/version.js';
import { serveInMemory } from '../../support/rfc2217-rig.js';

const { control, options } = COM_PORT;

const WILL_COM_PORT = telnetNegotiation('will', options.comPort);

test('agrees to what it has asked for without repeating it, and refuses the rest', async () => {
  const { client } = await serveInMemory();
  const one = await client();
  one.send(
    telnetNegotiation('will', options.binary),
    telnetNegotiation('do', options.binary),
    telnetNegotiation('will', 1),
    telnetNegotiation('do', 24),
    telnetNegotiation('wont', 31),
    telnetNegotiation('wont', options.suppressGoAhead),
    telnetNegotiation('will', options.suppressGoAhead),
    encodeComPort('signature', ''),
  );
  await one.until(`signature sercom ${version()}`);
  expect(one.received).toEqual(['dont 1', 'wont 24', 'dont 3', 'do 3', `signature sercom ${version()}`]);
});

test('answers questions with the current values', async () => {
  const { client, port } = await serveInMemory();
  const one = await client();
  one.ask(['baudRate', 0], ['dataBits', 0], ['parity', 0], ['stopBits', 0]);
  one.ask(['control', control.askFlow], ['control', control.askDtr], ['control', control.askRts]);
  one.ask(['control', control.askBreak], ['control', control.askInbound]);
  await one.until(`control ${control.inboundNoFlow}`);
  expect(one.received).toEqual([
    'baudRate 115200',
    'dataBits 8',
    'parity 1',
    'stopBits 1',
    `control ${control.noFlow}`,
    `control ${control.dtrOn}`,
    `control ${control.rtsOn}`,
    `control ${control.breakOff}`,
    `control ${control.inboundNoFlow}`,
  ]);
  expect(port.calls).toEqual([]);
});

test('changes settings that arrive together at once', async () => {
  const { client, port } = await serveInMemory();
  const one = await client();
  one.ask(['baudRate', 9_600], ['dataBits', 7], ['parity', 3], ['stopBits', 2], ['control', control.hardwareFlow]);
  await one.until(`control ${control.hardwareFlow}`);
  expect(one.received).toEqual(['baudRate 9600', 'dataBits 7', 'parity 3', 'stopBits 2', 'control 3']);
  expect(port.calls).toEqual([
    'change {"baudRate":9600,"dataBits":7,"parity":"even","stopBits":2,"rtscts":true,"xon":false,"xoff":false}',
  ]);
});

test('answers with what is set if the port cannot do it', async () => {
  const { client } = await serveInMemory();
  const one = await client();
  one.ask(['parity', COM_PORT.parity.mark]);
  await one.until('parity 1');
  one.ask(['dataBits', 9]);
  await one.until('dataBits 8');
  one.ask(['stopBits', 7]);
  await one.until('stopBits 1');
});

test('keeps data and commands in their order', async () => {
  const { client, port } = await serveInMemory();
  const one = await client();
  one.send(
    Buffer.from('01ffff02', 'hex'),
    encodeComPort('baudRate', 9_600),
    Buffer.from('03', 'hex'),
    encodeComPort('control', control.dtrOff),
    Buffer.from('04', 'hex'),
  );
  while (port.calls.at(-1) !== 'write 04') {
    await new Promise(setImmediate);
  }
  expect(port.calls).toEqual([
    'write 01ff',
    'write 02',
    'change {"baudRate":9600}',
    'write 03',
    'set {"dtr":false}',
    'write 04',
  ]);
});

test('sets the lines of a reset sequence that arrives in one write, in order', async () => {
  const { client, port } = await serveInMemory();
  const one = await client();
  one.ask(
    ['control', control.dtrOff],
    ['control', control.rtsOff],
    ['control', control.breakOn],
    ['control', control.breakOff],
    ['control', control.rtsOn],
    ['control', control.dtrOn],
  );
  await one.until(`control ${control.dtrOn}`);
  expect(port.calls).toEqual([
    'set {"dtr":false}',
    'set {"rts":false}',
    'set {"brk":true}',
    'set {"brk":false}',
    'set {"rts":true}',
    'set {"dtr":true}',
  ]);
  expect(one.received).toEqual([9, 12, 5, 6, 11, 8].map((value) => `control ${value}`));
});

test('answers that a line is unchanged if the port has none', async () => {
  const { client, port } = await serveInMemory();
  port.hasLines = false;
  const one = await client();
  one.ask(['control', control.dtrOff]);
  await one.until(`control ${control.dtrOn}`);
});

test('lets only the first client change something, until it leaves, and ends its break', async () => {
  const { client, port, hub } = await serveInMemory();
  const [one, two] = [await client(), await client()];
  one.ask(['control', control.breakOn]);
  await one.until(`control ${control.breakOn}`);
  two.ask(['baudRate', 9_600], ['control', control.dtrOff], ['control', control.breakOff]);
  await two.until(`control ${control.breakOn}`);
  expect(two.received).toEqual(['baudRate 115200', `control ${control.dtrOn}`, `control ${control.breakOn}`]);
  one.socket.end();
  while (hub.clients.size > 1) {
    await new Promise(setImmediate);
  }
  two.ask(['baudRate', 9_600]);
  await two.until('baudRate 9600');
  expect(port.calls).toEqual(['set {"brk":true}', 'set {"brk":false}', 'change {"baudRate":9600}']);
});

test('a client that leaves while its commands are carried out owns the settings no longer than that', async () => {
  const { client, port, hub } = await serveInMemory();
  let finish = () => {};
  port.changing = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const [one, two] = [await client(), await client()];
  one.send(encodeComPort('parity', COM_PORT.parity.even), Buffer.of(1), encodeComPort('control', control.dtrOff));
  one.socket.end();
  await once(one.socket, 'close');
  two.ask(['baudRate', 9_600]);
  await two.until('baudRate 115200');
  finish();
  while (hub.clients.size > 1) {
    await new Promise(setImmediate);
  }
  two.ask(['baudRate', 9_600]);
  await two.until('baudRate 9600');
  expect(port.calls).toEqual(['change {"parity":"even"}', 'write 01', 'set {"dtr":false}', 'change {"baudRate":9600}']);
  expect(hub.traffic.bytesToPort).toBe(1);
});

test('lets no client change anything with --read-only', async () => {
  const { client, port, messages } = await serveInMemory({ isReadOnly: true });
  const one = await client();
  one.ask(['baudRate', 9_600], ['control', control.hardwareFlow], ['control', control.dtrOff]);
  one.ask(['control', control.rtsOff], ['control', control.breakOn]);
  await one.until(`control ${control.breakOff}`);
  expect(one.received).toEqual(['baudRate 115200', ...[1, 8, 11, 6].map((value) => `control ${value}`)]);
  expect(port.calls).toEqual([]);
  expect(messages.filter((message) => message.includes('wants'))).toEqual([
    expect.stringMatching(/client 1 \S+ wants 9600 bit\/s, 8N1, RTS\/CTS: the settings are kept \(--read-only\)\n$/),
    expect.stringMatching(/client 1 \S+ wants to set DTR, RTS or break: the settings are kept \(--read-only\)\n$/),
  ]);
});

test('reports the lines of the device at first and when they change, as far as they are asked for', async () => {
  const { client, port } = await serveInMemory();
  const one = await client();
  one.send(WILL_COM_PORT);
  await one.until('modemState 16');
  port.lines = { cts: true, dsr: true, dcd: false };
  // DSR, and its change.
  await one.until('modemState 50');
  one.ask(['modemStateMask', 0x88], ['lineStateMask', 0]);
  await one.until('lineStateMask 0');
  port.lines = { cts: false, dsr: false, dcd: true };
  // Of DCD only.
  await one.until('modemState 136');
  expect(one.received).toEqual([
    'modemState 16',
    'modemState 50',
    'modemStateMask 136',
    'lineStateMask 0',
    'modemState 136',
  ]);
});

test('reports no lines of a port that has none', async () => {
  const { client, port } = await serveInMemory();
  port.lines = undefined;
  const one = await client();
  one.send(WILL_COM_PORT);
  one.ask(['purge', COM_PORT.purge.both]);
  expect(await one.until('purge 3')).toEqual(['purge 3']);
});

test('sends nothing while the client has suspended it', async () => {
  const { client, hub } = await serveInMemory();
  const one = await client();
  one.ask(['suspend', 0], ['baudRate', 0]);
  await one.until('baudRate 115200');
  hub.received(Uint8Array.of(1, 255));
  hub.received(Uint8Array.of(2));
  one.ask(['stopBits', 0]);
  await one.until('stopBits 1');
  expect(one.received).toEqual(['baudRate 115200', 'stopBits 1']);
  one.ask(['resume', 0]);
  await one.until('data 02');
  expect(one.received.slice(2)).toEqual(['data 01ff', 'data 02']);
});
