import { describe, expect, test } from 'vitest';
import type { Codec } from '../../src/index.js';
import { bytes, connect, ids, json, type Message, next, text } from './json-device.js';

describe('sending', () => {
  test('send encodes the message', async () => {
    const { device, arm } = await connect();
    await arm.send({ joint: 2 });
    expect(text(await device.nextPacket())).toBe('{"joint":2}');
  });

  test.each(['send', 'request'] as const)('%s rejects with what encode throws, and sends nothing', async (call) => {
    const { device, serial } = await connect(ids);
    const error = new RangeError('joint 9 does not exist');
    const codec: Codec<number, unknown> = {
      encode(value) {
        if (value === 9) {
          throw error;
        }
        return Uint8Array.of(value);
      },
      decode: (packet) => packet[0],
    };
    const channel = serial.channel('arm', codec);
    await expect(channel[call](9)).rejects.toBe(error);
    await channel.send(1);
    expect(await device.nextPacket()).toEqual(Uint8Array.of(1));
    expect(channel.connection.stats.requestsMade).toBe(0);
  });

  test.each(['send', 'request'] as const)('%s rejects if encode returns no Uint8Array', async (call) => {
    const { device, serial } = await connect(ids);
    const returns = (value: unknown) => serial.channel('arm', { ...json, encode: () => value as Uint8Array });
    const where = call === 'send' ? 'send to "arm"' : 'request to "arm"';
    await expect(returns('text')[call]({})).rejects.toMatchObject({
      code: 'INVALID_PACKET',
      message: `${where}: encode returned "text"; expected a Uint8Array`,
    });
    // Its rejection must not become an uncaught exception.
    await expect(returns(Promise.reject(new Error('later')))[call]({})).rejects.toMatchObject({
      code: 'INVALID_PACKET',
      message: `${where}: encode returned a promise; expected a Uint8Array`,
    });
    expect(device.receivedCount).toBe(0);
  });

  test('an abort signal in place of the options is rejected as without a channel', async () => {
    const { arm } = await connect(ids);
    const signal = new AbortController().signal as never;
    await expect(arm.send({}, signal)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(arm.request({}, signal)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(arm.request({}, { matches: 5 as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(arm.request({}, { matches: () => true, timeout: 5 } as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

describe('requests', () => {
  test('resolves with the decoded reply', async () => {
    const { arm } = await connect({ ...ids, onRequest: (packet) => bytes(`{"reply":${text(packet)}}`) });
    expect(await arm.request({ get: 'state' })).toEqual({ reply: { get: 'state' } });
  });

  test('matches gets decoded messages, and a packet that does not decode is no reply', async () => {
    const { arm, device, serial, undecoded } = await connect({
      onPacket: async (_packet, device) => {
        await device.send(bytes('{"state'));
        await device.send(bytes('{"update":1}'));
        await device.send(bytes('{"state":"still"}'));
      },
    });
    const messages: Message[] = [];
    arm.onMessage((message) => messages.push(message));
    const candidates: Message[] = [];
    const reply = await arm.request(
      { get: 'state' },
      {
        matches(candidate) {
          candidates.push(candidate);
          return 'state' in candidate;
        },
      },
    );
    expect(reply).toEqual({ state: 'still' });
    expect(candidates).toEqual([{ update: 1 }, { state: 'still' }]);
    expect(messages).toEqual([{ update: 1 }]);
    expect(undecoded).toEqual([{ name: 'arm', packet: bytes('{"state'), error: expect.any(SyntaxError) }]);
    expect(serial.stats('arm')).toMatchObject({ undecodedPackets: 1, repliesReceived: 1 });
    expect(device.receivedCount).toBe(1);
  });

  test('a matches that throws rejects its own request', async () => {
    const { arm } = await connect({ echo: true });
    const error = new Error('matches failed');
    const rejected = expect(
      arm.request(
        { one: 1 },
        {
          matches() {
            throw error;
          },
        },
      ),
    ).rejects.toBe(error);
    await rejected;
    expect(await arm.request({ two: 2 }, { matches: ({ two }) => two === 2 })).toEqual({ two: 2 });
  });

  test('a reply by id that does not decode rejects with REPLY_INVALID and is reported', async () => {
    const replies = ['{"state', '{"state":1}'];
    const { arm, undecoded } = await connect({ ...ids, onRequest: () => bytes(replies.shift()!) });
    const error = await arm.request({ get: 'state' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'REPLY_INVALID',
      connection: 'arm',
      message: expect.stringMatching(/^request to "arm": the reply does not decode: SyntaxError: .*; check /),
      cause: expect.any(SyntaxError),
    });
    expect(undecoded).toEqual([{ name: 'arm', packet: bytes('{"state'), error: (error as Error).cause }]);
    expect(arm.connection.stats.undecodedPackets).toBe(1);
    expect(await arm.request({ get: 'state' })).toEqual({ state: 1 });
  });

  test('the host answers requests of the device', async () => {
    const { arm, device, undecoded } = await connect(ids);
    arm.onRequest(({ ask }) => ({ told: ask }));
    expect(text(await device.request(bytes('{"ask":1}')))).toBe('{"told":1}');
    arm.onRequest(async ({ ask }) => ({ told: ask }));
    expect(text(await device.request(bytes('{"ask":2}')))).toBe('{"told":2}');
    await expect(device.request(bytes('{"ask'))).rejects.toMatchObject({ replyCode: 1 });
    expect(undecoded).toEqual([{ name: 'arm', packet: bytes('{"ask'), error: expect.any(SyntaxError) }]);
    expect(arm.connection.stats.undecodedPackets).toBe(1);
  });

  test('the device gets an error reply if the reply of the host cannot be encoded', async () => {
    const { device, serial } = await connect(ids);
    const error = new Error('no such reply');
    const codec: Codec<Message> = {
      ...json,
      encode() {
        throw error;
      },
    };
    serial.channel('arm', codec).onRequest(() => ({}));
    const failed = next(serial, 'handlerError');
    await expect(device.request(bytes('{}'))).rejects.toMatchObject({ replyCode: 1 });
    expect(await failed).toMatchObject({ name: 'arm', error });
  });
});

describe('several channels', () => {
  test('share one connection, each with its own codec', async () => {
    const { arm, device, serial } = await connect({ ...ids, onRequest: (packet) => packet });
    const raw = serial.connection('arm').channel<string, string>({ encode: bytes, decode: text });
    expect(raw.connection).toBe(arm.connection);
    expect(await Promise.all([arm.request({ n: 1 }), raw.request('hello')])).toEqual([{ n: 1 }, 'hello']);
    expect(device.received.map(text)).toEqual(['{"n":1}', 'hello']);
  });

  test('an unknown name throws KEY_ERROR', async () => {
    const { serial } = await connect();
    expect(() => serial.channel('leg', json)).toThrow(expect.objectContaining({ code: 'KEY_ERROR' }));
  });
});
