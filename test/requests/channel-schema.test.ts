import * as v from 'valibot';
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import {
  type Channel,
  type ChannelOptions,
  type Codec,
  type NamedConnection,
  SerialCommunicator,
  type StandardSchema,
} from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';

interface Command {
  joint: number;
}

interface State {
  degrees: number[];
}

const json: Codec<Command, unknown> = {
  encode: (message) => Buffer.from(JSON.stringify(message)),
  decode: (packet) => JSON.parse(Buffer.from(packet).toString()),
};

/** Starts a communicator with a connection to a device that replies with what it receives. */
async function connect() {
  const device = new MockDevice({ path: '/dev/ttyACM0', requestIds: { bytes: 1 }, onRequest: (packet) => packet });
  const serial = new SerialCommunicator({ binding: mockBinding(device) });
  serial.addConnection('arm', { path: '/dev/ttyACM0', baudRate: 115_200, requestIds: { bytes: 1 } });
  await serial.initialize();
  onTestFinished(() => serial[Symbol.asyncDispose]());
  return serial.connection('arm');
}

/** A validator made by hand. */
function schemaOf<Output>(validate: StandardSchema<Output>['~standard']['validate']): StandardSchema<Output> {
  return { '~standard': { version: 1, validate } };
}

describe('a schema', () => {
  const SCHEMAS: [string, StandardSchema<{ joint: number; speed: number }>][] = [
    ['Zod', z.object({ joint: z.int().max(5), speed: z.number().default(1) })],
    ['Valibot', v.object({ joint: v.pipe(v.number(), v.maxValue(5)), speed: v.optional(v.number(), 1) })],
  ];

  test.each(SCHEMAS)('of %s checks messages and fills in defaults', async (_name, schema) => {
    const arm = (await connect()).channel(json, { schema });
    expect(await arm.request({ joint: 5 })).toEqual({ joint: 5, speed: 1 });
    await expect(arm.request({ joint: 6 })).rejects.toMatchObject({
      code: 'REPLY_INVALID',
      cause: expect.objectContaining({
        message: expect.stringMatching(/^the message does not match the schema: joint: .*5/),
        cause: [expect.objectContaining({ message: expect.any(String) })],
      }),
    });
    expect(arm.connection.stats.undecodedPackets).toBe(1);
  });

  test('the error lists every issue with its path', async () => {
    const schema = schemaOf<never>(() => ({
      issues: [
        { message: 'wrong' },
        { message: 'too far', path: ['joints', 2, { key: 'degrees' }] },
        { message: 'odd', path: [Symbol.for('unit')] },
      ],
    }));
    const arm = (await connect()).channel(json, { schema });
    await expect(arm.request({ joint: 1 })).rejects.toMatchObject({
      cause: {
        message: 'the message does not match the schema: wrong; joints[2].degrees: too far; Symbol(unit): odd',
      },
    });
  });

  test('also decides which message is a reply', async () => {
    const schema = schemaOf<number>((value) => {
      const { joint } = value as Command;
      return joint > 3 ? { issues: [{ message: 'too big' }] } : { value: joint };
    });
    const arm = (await connect()).channel(json, { schema });
    const candidates: number[] = [];
    const matches = (joint: number) => {
      candidates.push(joint);
      return true;
    };
    expect(await arm.request({ joint: 3 }, { matches })).toBe(3);
    await expect(arm.request({ joint: 4 }, { matches, timeoutMs: 1 })).rejects.toMatchObject({ code: 'REPLY_TIMEOUT' });
    expect(candidates).toEqual([3]);
  });

  test('must not be asynchronous, and neither may the codec', async () => {
    const connection = await connect();
    const rejects = async () => {
      throw new Error('later');
    };
    const checksLater = connection.channel(json, { schema: schemaOf<Command>(rejects) });
    await expect(checksLater.request({ joint: 1 })).rejects.toMatchObject({
      code: 'REPLY_INVALID',
      cause: {
        code: 'INVALID_OPTION',
        message: 'the schema returned a promise; use a schema without asynchronous checks',
      },
    });
    const decodesLater = connection.channel({ ...json, decode: rejects });
    await expect(decodesLater.request({ joint: 1 })).rejects.toMatchObject({
      code: 'REPLY_INVALID',
      cause: { code: 'INVALID_OPTION', message: 'decode returned a promise; use a synchronous codec' },
    });
  });
});

describe('invalid arguments', () => {
  test.each([
    [undefined, 'undefined'],
    [json.encode, 'a function'],
    [{ encode: json.encode }, 'an object'],
  ])('the codec %o throws INVALID_OPTION', async (codec, found) => {
    const connection = await connect();
    const message = `channel "arm": the codec is ${found}; expected an object with the functions encode and decode`;
    expect(() => connection.channel(codec as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message }),
    );
  });

  test.each([
    [{ schema: {} }, /^channel "arm": schema is an object; expected a validator .* Standard Schema, version 1$/],
    [{ schema: { '~standard': { version: 2, validate() {} } } }, /schema is an object/],
    [{ schema: null }, /schema is null/],
    [{ scheme: schemaOf(() => ({ value: 1 })) }, /unknown option "scheme"; expected schema/],
    [null, /got null; expected an object with schema/],
  ])('the options %o throw INVALID_OPTION', async (options, message) => {
    const connection = await connect();
    expect(() => connection.channel(json, options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    );
  });

  test('a codec may be any object with both functions, which may use this', async () => {
    const codec = {
      offset: 10,
      encode({ joint }: Command) {
        return Uint8Array.of(this.offset + joint);
      },
      decode(packet: Uint8Array) {
        return packet[0]! - this.offset;
      },
    };
    expect(await (await connect()).channel(codec).request({ joint: 2 })).toBe(2);
  });

  test.each(['onMessage', 'onRequest'] as const)(
    '%s throws a TypeError unless the handler is a function',
    async (call) => {
      const arm = (await connect()).channel(json);
      expect(() => arm[call](undefined as never)).toThrow(
        new TypeError(`${call} "arm": the handler must be a function, got undefined`),
      );
    },
  );
});

/** Types only: never called. */
function channels(connection: NamedConnection, serial: SerialCommunicator) {
  const states: Codec<Command, State> = { encode: () => new Uint8Array(), decode: () => ({ degrees: [] }) };
  const zodCodec = z.codec(z.instanceof(Uint8Array), z.object({ at: z.date() }), {
    encode: () => new Uint8Array(),
    decode: () => ({ at: new Date() }),
  });
  return {
    plain: connection.channel(states),
    ofCommunicator: serial.channel('arm', states),
    zodCodec: connection.channel(zodCodec),
    inline: connection.channel({ encode: (n: number) => Uint8Array.of(n), decode: (packet) => packet.length > 0 }),
    zod: connection.channel(json, { schema: z.object({ at: z.string().transform((at) => new Date(at)) }) }),
    valibot: serial.channel('arm', json, { schema: v.object({ degrees: v.optional(v.number(), 0) }) }),
    explicit: connection.channel<Command, State>(states),
  };
}

describe('types follow from the codec', () => {
  type Channels = ReturnType<typeof channels>;

  test('of a codec', () => {
    expectTypeOf<Channels['plain']>().toEqualTypeOf<Channel<Command, State>>();
    expectTypeOf<Channels['ofCommunicator']>().toEqualTypeOf<Channel<Command, State>>();
    expectTypeOf<Channels['explicit']>().toEqualTypeOf<Channel<Command, State>>();
    expectTypeOf<Channels['inline']>().toEqualTypeOf<Channel<number, boolean>>();
    expectTypeOf<Channels['zodCodec']>().toEqualTypeOf<Channel<{ at: Date }, { at: Date }>>();
  });

  test('of a schema', () => {
    expectTypeOf<Channels['zod']>().toEqualTypeOf<Channel<Command, { at: Date }>>();
    expectTypeOf<Channels['valibot']>().toEqualTypeOf<Channel<Command, { degrees: number }>>();
    expectTypeOf<ChannelOptions<State>['schema']>().toEqualTypeOf<StandardSchema<State> | undefined>();
  });

  test('for messages, replies and handlers', () => {
    type Plain = Channel<Command, State>;
    expectTypeOf<Plain['send']>().parameter(0).toEqualTypeOf<Command>();
    expectTypeOf<Plain['request']>().parameter(0).toEqualTypeOf<Command>();
    expectTypeOf<Plain['request']>().returns.resolves.toEqualTypeOf<State>();
    type Options = NonNullable<Parameters<Plain['request']>[1]>;
    expectTypeOf<NonNullable<Options['matches']>>().parameter(0).toEqualTypeOf<State>();
    expectTypeOf<Parameters<Plain['onMessage']>[0]>().parameter(0).toEqualTypeOf<State>();
    expectTypeOf<Parameters<Plain['onRequest']>[0]>().returns.toEqualTypeOf<Command | PromiseLike<Command>>();
    expectTypeOf<ReturnType<Plain['messages']>>().toEqualTypeOf<AsyncIterableIterator<State>>();
    expectTypeOf<Plain['connection']>().toEqualTypeOf<NamedConnection>();
  });
});
