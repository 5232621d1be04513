import { type Binding, SerialCommunicator } from 'serial-communicator';
import { MockDevice, mockBinding } from 'serial-communicator/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { SessionPort } from '../../src/ports/open-ports.js';
import { watchConnections } from '../../src/session/connections.js';
import { redirectMessages } from '../../src/terminal/message.js';

/** Opens a port whose driver reports this baud rate. Returns the messages to the user. */
async function messagesOf(baudRate: number): Promise<string[]> {
  const messages: string[] = [];
  redirectMessages((line) => messages.push(line));
  onTestFinished(() => redirectMessages());
  const inner = mockBinding(new MockDevice({ path: '/dev/mock' }));
  const binding: Binding = {
    list: inner.list,
    open: async (options) =>
      Object.assign(await inner.open(options), { getBaudRate: () => Promise.resolve({ baudRate }) }),
  };
  const connection = { path: '/dev/mock', baudRate: 250_000 };
  const port = { name: 'arm', path: '/dev/mock', connection } as SessionPort;
  const communicator = new SerialCommunicator({ binding });
  communicator.addConnection('arm', connection);
  void watchConnections(communicator, [port], new AbortController().signal);
  await communicator.initialize();
  await communicator.shutdown();
  return messages;
}

test('a baud rate that the driver only approximates is reported', async () => {
  expect(await messagesOf(252_000)).toEqual([
    'sercom: "arm" runs at 252000 bit/s: the driver cannot do exactly 250000 bit/s\n',
  ]);
});

test('a baud rate that is exact is not mentioned', async () => {
  expect(await messagesOf(250_000)).toEqual([]);
});
