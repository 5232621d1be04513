import { describe, expect, test } from 'vitest';
import { bytes, connect, ids, type Message, next, text } from './json-device.js';

describe('onMessage', () => {
  test('reports a packet that does not decode, and handles the next one', async () => {
    const { arm, device, undecoded } = await connect();
    const received = new Promise((resolve) => arm.onMessage(resolve));
    await device.send(bytes('no JSON'));
    await device.send(bytes('{"update":1}'));
    expect(await received).toEqual({ update: 1 });
    expect(undecoded).toEqual([{ name: 'arm', packet: bytes('no JSON'), error: expect.any(SyntaxError) }]);
    expect(arm.connection.stats).toMatchObject({ undecodedPackets: 1, packetsDelivered: 2 });
  });

  test('waits for the handler before the next message', async () => {
    const { arm, device } = await connect();
    const log: string[] = [];
    let finish!: () => void;
    const done = new Promise<void>((resolve) => {
      arm.onMessage(async ({ n }) => {
        log.push(`begin ${n}`);
        if (n === 1) {
          await new Promise<void>((go) => {
            finish = go;
          });
        }
        log.push(`end ${n}`);
        if (n === 2) {
          resolve();
        }
      });
    });
    await device.send(bytes('{"n":1}'));
    await device.send(bytes('{"n":2}'));
    await expect.poll(() => log).toEqual(['begin 1']);
    finish();
    await done;
    expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  test('an error of the handler is a handlerError, not an undecoded packet', async () => {
    const { arm, device, serial, undecoded } = await connect();
    const error = new Error('handler failed');
    arm.onMessage(() => {
      throw error;
    });
    const failed = next(serial, 'handlerError');
    await device.send(bytes('{}'));
    expect(await failed).toMatchObject({ name: 'arm', error, packet: bytes('{}') });
    expect(undecoded).toEqual([]);
  });

  test('is the handler of the connection: onPacket replaces it', async () => {
    const { arm, device } = await connect();
    const messages: Message[] = [];
    arm.onMessage((message) => messages.push(message));
    const received = new Promise((resolve) => arm.connection.onPacket(resolve));
    await device.send(bytes('{}'));
    expect(await received).toEqual(bytes('{}'));
    expect(messages).toEqual([]);
  });
});

describe('messages', () => {
  test('collects from the call, leaves out packets that do not decode, and ends at shutdown', async () => {
    const { arm, device, serial, undecoded } = await connect();
    const iterator = arm.messages();
    for (const packet of ['{"n":1}', 'no JSON', '{"n":2}']) {
      await device.send(bytes(packet));
    }
    const messages: Message[] = [];
    for await (const message of iterator) {
      messages.push(message);
      if (messages.length === 2) {
        void serial.shutdown();
      }
    }
    expect(messages).toEqual([{ n: 1 }, { n: 2 }]);
    expect(undecoded).toHaveLength(1);
  });

  test('calls of next are answered in their order', async () => {
    const { arm, device } = await connect();
    const iterator = arm.messages();
    const results = [iterator.next(), iterator.next(), iterator.next()];
    for (const packet of ['no JSON', '{"n":1}', 'no JSON', '{"n":2}', '{"n":3}']) {
      await device.send(bytes(packet));
    }
    expect(await Promise.all(results)).toEqual([1, 2, 3].map((n) => ({ done: false, value: { n } })));
  });

  test('return ends a pending next', async () => {
    const { arm } = await connect();
    const iterator = arm.messages();
    const pending = [iterator.next(), iterator.next()];
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await Promise.all(pending)).toEqual(Array(2).fill({ done: true, value: undefined }));
  });

  test('rejects with the reason when the signal aborts', async () => {
    const { arm } = await connect();
    const controller = new AbortController();
    const pending = arm.messages({ signal: controller.signal }).next();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });

  test('leaving the loop lets the handler have the packets', async () => {
    const { arm, device } = await connect();
    const received = new Promise((resolve) => arm.onMessage(({ n }) => n === 2 && resolve(n)));
    const iterator = arm.messages();
    await device.send(bytes('{"n":1}'));
    for await (const { n } of iterator) {
      expect(n).toBe(1);
      break;
    }
    await device.send(bytes('{"n":2}'));
    expect(await received).toBe(2);
  });
});

describe('a request on the same connection', () => {
  const answering = { ...ids, onRequest: (packet: Uint8Array) => packet } as const;

  test('may be awaited by a loop over the messages', async () => {
    const { arm, device } = await connect(answering);
    const iterator = arm.messages();
    await device.send(bytes('{"n":1}'));
    await device.send(bytes('{"n":2}'));
    const replies: Message[] = [];
    for await (const message of iterator) {
      replies.push(await arm.request(message));
      if (replies.length === 2) {
        break;
      }
    }
    expect(replies).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('may be awaited by the handlers of messages and of requests', async () => {
    const { arm, device } = await connect(answering);
    const replied = new Promise((resolve) => arm.onMessage(async (message) => resolve(await arm.request(message))));
    arm.onRequest(async (message) => ({ relayed: await arm.request(message) }));
    await device.send(bytes('{"n":1}'));
    expect(text(await device.request(bytes('{"n":2}')))).toBe('{"relayed":{"n":2}}');
    expect(await replied).toEqual({ n: 1 });
  });
});

test('reports a packet once, however many consumers get it', async () => {
  const { arm, device, undecoded } = await connect();
  const messages: Message[] = [];
  arm.onMessage((message) => messages.push(message));
  // Several pending calls of next, so that the iterators do not make the handler wait.
  const results = [arm.messages(), arm.messages()].flatMap((iterator) => [iterator.next(), iterator.next()]);
  for (const packet of ['no JSON', '{"n":1}', 'nor this', '{"n":2}']) {
    await device.send(bytes(packet));
  }
  const received = [1, 2].map((n) => ({ done: false, value: { n } }));
  expect(await Promise.all(results)).toEqual([...received, ...received]);
  expect(messages).toEqual([{ n: 1 }, { n: 2 }]);
  expect(undecoded.map(({ packet }) => text(packet))).toEqual(['no JSON', 'nor this']);
  expect(arm.connection.stats.undecodedPackets).toBe(2);
});
