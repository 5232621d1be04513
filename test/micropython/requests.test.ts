import cobs from 'cobs';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { outcome } from '../contract/harness.js';
import {
  evaluate,
  evaluateBytes,
  hexOf,
  literal,
  MicroPythonDevice,
  microPythonBinding,
  python,
} from '../support/micropython.js';
import { requestVectors } from '../support/request-vectors.js';
import { expectRequestsCounted } from '../support/stats.js';

const bytes = (text: string, ...rest: number[]) => Uint8Array.from([...Buffer.from(text, 'latin1'), ...rest]);

const IMPORTS = 'from packets import HANDLER_FAILED, LATER, NO_HANDLER, TIMED_OUT, Requests';

const counters = () => [
  evaluate('host.packets_received'),
  evaluate('host.too_short_frames'),
  evaluate('host.late_replies'),
];

describe('the vectors of test/vectors/requests.json, in MicroPython', () => {
  /** Makes `host`, which has a handler for each first byte. It logs what is called. The next id will be `nextId`. */
  function start(idBytes: number, nextId = 1): void {
    python(`
${IMPORTS}
line = Line()
log = []
def handle(payload, request_id):
    log.append((request_id, hexlify(payload).decode()))
    return LATER
def on_reply(reply, code):
    log.append((reply and hexlify(reply).decode(), code))
host = Requests(line, 1000, {first: handle for first in range(256)}, id_bytes=${idBytes}, seed=${nextId - 1})
line.take()`);
  }
  const sent = () => Buffer.from(evaluate('line.take()') as string, 'hex');
  const delimited = (frame: Uint8Array) => Buffer.concat([frame, Buffer.of(0)]);
  const receive = (frame: Uint8Array) => {
    python(`line.feed('${hexOf(delimited(frame))}')`);
    return evaluateBytes('host.receive()');
  };
  const log = () => evaluate('repr(log)');

  const ofHost = requestVectors.filter(({ from }) => from === 'host');
  const ofDevice = requestVectors.filter(({ from, kind }) => from === 'device' && !/late|short/i.test(kind));

  test.each(ofHost)('receives $name ($idBytes)', ({ idBytes, kind, id, payload, requestId, code, frame }) => {
    const isAnswer = kind === 'reply' || kind === 'errorReply';
    const top = idBytes === 1 ? 0x80 : 0x8000;
    start(idBytes, isAnswer ? (kind === 'reply' ? id! : requestId!) - top : 1);
    if (isAnswer) {
      expect(evaluate("host.request(b'?', on_reply)")).toBe(true);
    }
    const received = receive(frame);
    expect(received).toEqual(kind === 'plain' ? Buffer.from(payload!) : undefined);
    const hex = payload === undefined ? '' : hexOf(payload);
    // An empty request has no first byte, so it has no handler.
    const logged = {
      plain: '[]',
      request: hex === '' ? '[]' : `[(${id}, '${hex}')]`,
      reply: `[(${hex === '' ? "b''" : `'${hex}'`}, 0)]`,
      errorReply: `[(None, ${code})]`,
      lateReply: '[]',
      tooShort: '[]',
    };
    expect(log()).toBe(logged[kind]);
    expect(counters()).toEqual([
      kind === 'tooShort' ? 0 : 1,
      Number(kind === 'tooShort'),
      Number(kind === 'lateReply'),
    ]);
  });

  test.each(ofDevice)('sends $name ($idBytes)', ({ idBytes, kind, id, payload, requestId, code, frame }) => {
    const top = idBytes === 1 ? 0x80 : 0x8000;
    start(idBytes, kind === 'request' ? id! - top : 1);
    const calls = {
      plain: () => `host.send(${literal(payload!)})`,
      request: () => `host.request(${literal(payload!)}, on_reply)`,
      reply: () => `host.reply(${id}, ${literal(payload!)})`,
      errorReply: () => `host.reply_error(${requestId}, ${code})`,
      lateReply: () => '',
      tooShort: () => '',
    };
    expect(evaluate(calls[kind]())).toBe(true);
    expect(sent()).toEqual(delimited(frame));
  });

  test.each(requestVectors.filter(({ from, kind }) => from === 'device' && kind === 'lateReply'))(
    'counts what is late to the host as late, too: $name ($idBytes)',
    ({ idBytes, frame }) => {
      start(idBytes);
      expect(receive(frame)).toBeUndefined();
      expect(counters()).toEqual([1, 0, 1]);
    },
  );

  test('there are vectors of each kind', () => {
    expect(new Set(ofHost.map(({ kind }) => kind))).toEqual(
      new Set(['plain', 'request', 'reply', 'errorReply', 'lateReply', 'tooShort']),
    );
    expect(new Set(ofDevice.map(({ kind }) => kind))).toEqual(new Set(['plain', 'request', 'reply', 'errorReply']));
  });
});

describe('requests between SerialCommunicator and MicroPython', () => {
  const path = '/dev/ttyPY0';
  const PATIENT = { timeoutMs: 15_000 };
  let device: MicroPythonDevice;
  let serial: SerialCommunicator;

  const PROGRAM = `
${IMPORTS}

later = []
replies = []
def echo(request, request_id):
    return request[1:]
def fail(request, request_id):
    raise ValueError('a defect')
def set_lamp(request, request_id):
    Pin(25).value(request[1])
def weigh(request, request_id):
    later.append(request_id)
    return LATER
def too_much(request, request_id):
    return bytes(65)
def wrong(request, request_id):
    return 'text'
def on_reply(reply, code):
    replies.append((reply, code))

COMMANDS = {
    ord('e'): echo, ord('f'): fail, ord('l'): set_lamp, ord('w'): weigh, ord('m'): too_much, ord('t'): wrong,
}

def loop():
    while (packet := host.receive()) is not None:
        host.send(packet)
`;

  async function start(options = '', settings: Partial<SerialConnection> = {}) {
    device = new MicroPythonDevice(path, `${PROGRAM}\nhost = Requests(UART(0, 115200), 64, COMMANDS${options})`);
    serial = new SerialCommunicator({ binding: microPythonBinding(device) });
    serial.addConnection('pico', { path, baudRate: 115_200, requestIds: { bytes: 1 }, ...settings });
    onTestFinished(async () => {
      await serial[Symbol.asyncDispose]();
      expectRequestsCounted(serial.stats('pico'));
    });
    await serial.initialize();
  }
  const request = (text: string, ...rest: number[]) => serial.request('pico', bytes(text, ...rest), PATIENT);

  test.each([
    ['1 byte', '', {}],
    ['2 bytes, crc16', ", id_bytes=2, checksum='crc16'", { requestIds: { bytes: 2 }, checksum: 'crc16' }],
    ['1 byte, crc32', ", checksum='crc32'", { checksum: 'crc32' }],
  ] as const)('get their replies, of every length, alone and at the same time: %s', async (_, options, settings) => {
    await start(options, settings);
    for (const length of [0, 1, 2, 62, 63]) {
      const payload = Uint8Array.from({ length }, (_, index) => index & 3);
      expect(await request('e', ...payload)).toEqual(payload);
    }
    const values = Array.from({ length: 200 }, (_, index) => [index, 255 - index]);
    expect(await Promise.all(values.map((pair) => request('e', ...pair)))).toEqual(
      values.map((pair) => Uint8Array.from(pair)),
    );
    expect(counters()).toEqual([205, 0, 0]);
  });

  describe('with ids of 1 byte', () => {
    beforeEach(() => start());

    test('an empty reply, if the handler returns None', async () => {
      expect(await request('l', 1)).toEqual(new Uint8Array());
      expect(evaluate('Pin(25).value()')).toBe(1);
    });

    test.each([
      ['f', 1, 'ValueError'],
      ['m', 1, 'ValueError'],
      ['t', 1, 'TypeError'],
      ['?', 2, null],
      ['', 2, null],
    ])('an error reply to %j: %i', async (text, replyCode, error) => {
      expect(await outcome(request(text))).toMatchObject({ error: { code: 'REPLY_ERROR', replyCode } });
      expect(evaluate('host.failed_requests')).toBe(error === null ? 0 : 1);
      expect(evaluate('host.last_error and type(host.last_error).__name__')).toBe(error);
      expect(await request('e', 7)).toEqual(Uint8Array.of(7));
    });

    test('a later reply, and a later error', async () => {
      const [first, second] = [request('w'), outcome(request('w'))];
      expect(await request('e')).toEqual(new Uint8Array());
      python('host.reply_error(later.pop(), 9)\nhost.reply(later.pop(), b"5 g")');
      device.run();
      expect(await first).toEqual(bytes('5 g'));
      expect(await second).toMatchObject({ error: { code: 'REPLY_ERROR', replyCode: 9 } });
    });

    test('no exception that ends programs is a failed request', async () => {
      python(`
def stop(request, request_id):
    raise KeyboardInterrupt
COMMANDS[ord('k')] = stop
line.feed(hexlify(b'\\x03\\x01k\\x00').decode())`);
      expect(() => python('host.receive()')).toThrow(/KeyboardInterrupt/);
      expect(evaluate('host.failed_requests')).toBe(0);
    });

    test('replies and error replies of the host', async () => {
      serial.onRequest('pico', (packet) => {
        if (packet[0] === 0) {
          throw new Error('no');
        }
        return bytes('got ', ...packet);
      });
      python(`
for question in (b'a', b'\\0', b'b'):
    host.request(question, on_reply)`);
      device.run();
      while ((evaluate('len(replies)') as number) < 3) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(evaluate('repr(replies)')).toBe("[(b'got a', 0), (None, 1), (b'got b', 0)]");
      expect(evaluate('host.late_replies')).toBe(0);
    });
  });
});

describe('requests of the device', () => {
  beforeEach(() =>
    python(`
${IMPORTS}
line = Line()
replies = []
def on_reply(reply, code):
    replies.append((reply, code))
host = Requests(line, 64, {}, max_waiting=2, seed=126)
line.take()`),
  );

  const sentIds = () =>
    (evaluate('line.take()') as string)
      .split('00')
      .filter((frame) => frame !== '')
      .map((frame) => cobs.decode(Buffer.from(frame, 'hex'))[0]);

  test('end when their time is over, one in each call of receive', () => {
    python('host.request(b"a", on_reply, timeout_ms=0)\nhost.request(b"b", on_reply, timeout_ms=0)');
    expect(evaluate('len(replies)')).toBe(0);
    python('host.receive()');
    expect(evaluate('repr(replies)')).toBe('[(None, -1)]');
    python('host.receive()\nhost.receive()');
    expect(evaluate('repr(replies)')).toBe('[(None, -1), (None, -1)]');
    expect(evaluate('TIMED_OUT')).toBe(-1);
  });

  test('do not end before', () => {
    python('host.request(b"a", on_reply, timeout_ms=100000)\nhost.receive()');
    expect(evaluate('len(replies)')).toBe(0);
  });

  test('are refused while max_waiting others wait', () => {
    python('accepted = [host.request(b"a", on_reply) for _ in range(3)]');
    expect(evaluate('repr(accepted)')).toBe('[True, True, False]');
    expect([evaluate('host.packets_sent'), evaluate('host.packets_refused')]).toEqual([2, 1]);
  });

  test('are refused while the stream is full, and do not wait then', () => {
    python(`
line.room = 0
host = Requests(line, 64, {}, stall_timeout_ms=0)
accepted = host.request(b"a", on_reply)
line.room = 1000
host.receive()`);
    expect(evaluate('accepted')).toBe(false);
    expect(evaluate('line.take()')).toBe('00');
  });

  test('have ids that follow one another, without those that wait', () => {
    python('host.request(b"a", on_reply)\nhost.request(b"b", on_reply, timeout_ms=0)\nhost.receive()');
    expect(sentIds()).toEqual([0xff, 0x81]);
    // After fe, it is the turn of ff, which waits.
    python(`
for _ in range(126):
    host.request(b'c', on_reply, timeout_ms=0)
    host.receive()`);
    expect(sentIds().slice(-2)).toEqual([0xfe, 0x81]);
  });

  test('get each reply once', () => {
    python(`
host.request(b'a', on_reply)
line.take()
line.feed('03ff6f0003ff6f00')
host.receive()`);
    expect(evaluate('repr(replies)')).toBe("[(b'o', 0)]");
    expect(evaluate('host.late_replies')).toBe(1);
  });

  test('may be made in on_reply', () => {
    python(`
def again(reply, code):
    replies.append(reply)
    host.request(b'b', on_reply)
host.request(b'a', again)
line.take()
line.feed('03ff6f00')
host.receive()`);
    expect(evaluate('repr(replies)')).toBe("[b'o']");
    expect(sentIds()).toEqual([0x81]);
  });

  test.each([
    ['Os.random = b"\\x00\\x03"', [0x84]],
    ['Os.random = b"\\x00\\x7f"', [0x81]],
  ])('begin with a random id: %s', (random, ids) => {
    python(`
import sys
sys_modules["os"] = Os
${random}
host = Requests(line, 64, {})
line.take()
host.request(b'a', on_reply)`);
    expect(sentIds()).toEqual(ids);
  });

  test('begin with an id that depends on the time, on a board without random numbers', () => {
    python(`
sys_modules.pop("os", None)
ids = set()
for _ in range(100):
    host = Requests(line, 64, {})
    line.take()
    host.request(b'a', on_reply)
    ids.add(line.take())`);
    expect(evaluate('len(ids)')).toBeGreaterThan(1);
  });
});
