import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { type Binding, SerialCommunicator } from '../../src/index.js';
import { type FaultRig, openMockRig, openPtyRig, openTcpRig, openTcpSessionRig } from '../support/fault-rigs.js';
import { expectNothingUncounted } from '../support/stats.js';
import { has } from '../support/tools.js';

const FAULTS = {
  plain: ['unplug', 'hang-up', 'stall', 'error on write'],
  acknowledged: ['unplug', 'hang-up', 'stall', 'error on write', 'reset'],
} as const;
const MOMENTS = [
  'idle',
  'receiving',
  'sending',
  'slow handler',
  'no handler',
  'during initialize',
  'during shutdown',
] as const;
type Delivery = keyof typeof FAULTS;
type Fault = (typeof FAULTS)[Delivery][number];
type Moment = (typeof MOMENTS)[number];

/** What a table in `docs/reliability.md` promises in one row. */
interface Promised {
  /** How often `disconnected` is emitted, and with which `willReconnect`. */
  disconnected: string;
  /** How pending sends end. */
  sends: string;
  /** What happens when the fault is over. */
  after: string;
}

const LOST: Promised = { disconnected: 'once', sends: 'CONNECTION_LOST', after: 'reconnects' };
const NOTHING_PENDING: Promised = { ...LOST, sends: 'none pending' };
const STALLED: Promised = { disconnected: 'never', sends: 'SEND_TIMEOUT', after: 'continues' };

function promised(delivery: Delivery, fault: Fault, moment: Moment): Promised {
  return delivery === 'plain' ? promisedPlain(fault, moment) : promisedAcknowledged(fault, moment);
}

function promisedAcknowledged(fault: Fault, moment: Moment): Promised {
  if (fault === 'reset') {
    return moment === 'during shutdown'
      ? { disconnected: 'never', sends: 'PEER_RESET', after: 'shutdown ends in time' }
      : { disconnected: 'never', sends: moment === 'sending' ? 'PEER_RESET' : 'none pending', after: 'continues' };
  }
  const plain = promisedPlain(fault, moment);
  if (moment === 'during shutdown') {
    return plain;
  }
  if (fault === 'stall') {
    return { ...plain, sends: 'ACK_TIMEOUT' };
  }
  return plain.sends === 'none pending' ? plain : { ...plain, sends: 'sent once' };
}

function promisedPlain(fault: Fault, moment: Moment): Promised {
  if (moment === 'during shutdown') {
    return fault === 'stall'
      ? { disconnected: 'never', sends: 'SHUTDOWN_TIMEOUT', after: 'shutdown ends in time' }
      : { disconnected: 'once, will not reconnect', sends: 'CONNECTION_LOST', after: 'shutdown ends in time' };
  }
  if (fault === 'stall') {
    return STALLED;
  }
  // An error on write needs a write, so a send is always pending.
  return fault === 'error on write' || moment === 'sending' ? LOST : NOTHING_PENDING;
}

/** One of ten long packets is damaged. */
const NOISE = { dropRate: 2.5e-5, flipRate: 2.5e-5, insertRate: 2.5e-5, duplicateRate: 2.5e-5 };

const SHUTDOWN_TIMEOUT_MS = 400;

function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'sent once',
    (error) => error.code ?? String(error),
  );
}

/** The longest time from a disconnect to its event. */
const REPORTED_WITHIN_MS = 100;

/** Keeps `initialize` pending until `release`, by a port that does not open before. The other port `isOpen` at some time. */
function gated(binding: Binding): { binding: Binding; isOpen: Promise<void>; release(): void } {
  let opened!: () => void;
  const isOpen = new Promise<void>((resolve) => {
    opened = resolve;
  });
  let release!: () => void;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    binding: {
      list: () => binding.list(),
      open: async (options) => {
        if (options.path === '/dev/gate') {
          await gate;
          const { binding: other } = await openMockRig();
          return other.open({ ...options, path: '/dev/mock' });
        }
        const port = await binding.open(options);
        // After the communicator has taken it.
        setImmediate(opened);
        return port;
      },
    },
    isOpen,
    release,
  };
}

async function runCell(delivery: Delivery, rig: FaultRig, fault: Fault, moment: Moment): Promise<void> {
  const expected = promised(delivery, fault, moment);
  const { binding, isOpen, release } = gated(rig.binding);
  const longPacket = new Uint8Array(rig.longPacketBytes).fill(0x55);
  const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS });
  const disconnects: string[] = [];
  let reportedAtMs = 0;
  const connects = vi.fn();
  serial.on('disconnected', ({ willReconnect }) => {
    disconnects.push(willReconnect ? 'once' : 'once, will not reconnect');
    reportedAtMs = performance.now();
  });
  serial.on('connected', connects);
  const settings = {
    baudRate: 115_200,
    reconnect: { minDelayMs: 5, maxDelayMs: 20 },
    delivery,
    ...(fault === 'stall' && moment !== 'during shutdown'
      ? { [delivery === 'plain' ? 'sendTimeoutMs' : 'ackTimeoutMs']: 60 }
      : {}),
  };
  serial.addConnection('arm', { path: rig.path, ...settings, ...rig.settings });

  let releaseHandler = () => {};
  const echoes: Uint8Array[] = [];
  if (moment !== 'no handler') {
    serial.setReceiveHandler((_, packet) => {
      echoes.push(packet);
      return moment === 'slow handler' && echoes.length === 1
        ? new Promise<void>((resolve) => {
            releaseHandler = resolve;
          })
        : undefined;
    });
  }

  // Reach the moment.
  if (moment === 'during initialize') {
    serial.addConnection('gate', { path: '/dev/gate', baudRate: 9_600 });
    const initialized = serial.initialize();
    await isOpen;
    await strike();
    release();
    await initialized;
  } else {
    await serial.initialize();
    await serial.ready('arm');
  }
  if (['receiving', 'slow handler', 'no handler'].includes(moment)) {
    await rig.sendPackets(100);
    await vi.waitFor(() => expect(serial.stats('arm').packetsReceived).toBeGreaterThan(0), { interval: 1 });
  }
  const sends: Promise<string>[] = [];
  let packet = longPacket;
  let stopped: Promise<void> | undefined;
  const needsSend = fault === 'stall' || fault === 'error on write';
  if (moment === 'sending' || moment === 'during shutdown') {
    await rig.stall();
    sends.push(...[1, 2, 3].map(() => outcome(serial.send('arm', packet))));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  let timeIsUpAtMs = Number.POSITIVE_INFINITY;
  if (moment === 'during shutdown') {
    setTimeout(() => {
      timeIsUpAtMs = performance.now();
    }, SHUTDOWN_TIMEOUT_MS);
    stopped = serial.shutdown();
  }
  if (moment !== 'during initialize') {
    await strike();
  }
  if (needsSend && sends.length === 0) {
    // Encoding a long packet would count as the time that reporting takes.
    packet = fault === 'stall' ? longPacket : Uint8Array.of(9, 9, 9);
    sends.push(...[1, 2, 3].map(() => outcome(serial.send('arm', packet))));
  }
  const struckAt = performance.now();

  async function strike(): Promise<void> {
    switch (fault) {
      case 'unplug':
        return rig.unplug();
      case 'hang-up':
        return rig.hangUp();
      case 'stall':
        return rig.stall();
      case 'error on write':
        return rig.failWrites();
      case 'reset':
        return rig.reset!();
    }
  }

  async function expectEnds(): Promise<void> {
    const ends = new Set(await Promise.all(sends));
    expect([...ends].join() || 'none pending').toBe(expected.sends);
  }

  // Compare with the promise.
  const sendsWait = expected.sends === 'sent once';
  if (!sendsWait) {
    await expectEnds();
  }
  if (expected.disconnected !== 'never') {
    await vi.waitFor(() => expect(disconnects).not.toEqual([]), { interval: 1 });
    expect(reportedAtMs - struckAt).toBeLessThan(REPORTED_WITHIN_MS);
  }
  if (stopped === undefined) {
    releaseHandler();
    await rig.mend();
    if (sendsWait) {
      await expectEnds();
    }
    const marker = Uint8Array.of(1, 2, 3, 4);
    serial.setReceiveHandler((_, packet) => {
      echoes.push(packet);
    });
    await vi.waitFor(() => expect(serial.connectionState('arm')).toBe('connected'), { interval: 5, timeout: 3_000 });
    await vi.waitFor(
      async () => {
        await serial.send('arm', marker).catch(() => undefined);
        expect(echoes).toContainEqual(marker);
      },
      { interval: 30, timeout: 5_000 },
    );
    if (sendsWait && moment !== 'no handler') {
      expect(echoes.filter(({ length }) => length === packet.length)).toHaveLength(sends.length);
    }
    expect(connects.mock.calls.filter(([event]) => event.name === 'arm')).toHaveLength(
      expected.after === 'reconnects' ? 2 : 1,
    );
    stopped = serial.shutdown();
  }
  await stopped;
  if (moment === 'during shutdown') {
    // Measured from a timer of the same length, since a busy machine delays both.
    expect(performance.now() - timeIsUpAtMs).toBeLessThan(100);
  }
  expect(disconnects).toEqual(expected.disconnected === 'never' ? [] : [expected.disconnected]);
  expectNothingUncounted(serial.stats('arm'));
}

const isRoot = process.getuid?.() === 0;
const noPty = process.platform !== 'linux' || !has('python3');

/** The kernel accepts at once what a session has in flight: no write is in progress that could fail. */
const FAULTS_OF_SESSION_OVER_TCP = FAULTS.acknowledged.filter((fault) => fault !== 'error on write');

describe.each<[string, Delivery, () => Promise<FaultRig>, boolean, readonly Fault[]]>([
  ['mock', 'plain', openMockRig, false, FAULTS.plain],
  ['pty (needs python3, Linux)', 'plain', () => openPtyRig(false), noPty, FAULTS.plain],
  ['pty with vhangup (needs python3, Linux, root)', 'plain', () => openPtyRig(true), noPty || !isRoot, FAULTS.plain],
  ['TCP', 'plain', openTcpRig, false, FAULTS.plain],
  ['RFC 2217', 'plain', () => openTcpRig(true), false, FAULTS.plain],
  ['mock, acknowledged', 'acknowledged', () => openMockRig('acknowledged'), false, FAULTS.acknowledged],
  [
    'mock and noise, acknowledged',
    'acknowledged',
    () => openMockRig('acknowledged', NOISE),
    false,
    FAULTS.acknowledged,
  ],
  ['TCP, acknowledged', 'acknowledged', openTcpSessionRig, false, FAULTS_OF_SESSION_OVER_TCP],
])('fault matrix: %s', (_, delivery, openRig, skip, faults) => {
  const rigs: FaultRig[] = [];
  afterAll(async () => {
    await Promise.all(rigs.map((rig) => rig.end()));
  });

  describe.skipIf(skip).each(faults)('%s', (fault) => {
    test.each(MOMENTS)('%s', async (moment) => {
      const rig = await openRig();
      rigs.push(rig);
      await runCell(delivery, rig, fault, moment);
    });
  });
});

test.each(['plain', 'acknowledged'] as const)('docs/reliability.md has exactly these rows: %s', (delivery) => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/reliability.md'), 'utf8');
  const name = delivery === 'plain' ? 'fault matrix' : 'fault matrix: mock, acknowledged';
  for (const fault of FAULTS[delivery]) {
    for (const moment of MOMENTS) {
      const { disconnected, sends, after } = promised(delivery, fault, moment);
      expect(text.replaceAll(/ +/g, ' ')).toContain(
        `| ${fault} | ${moment} | ${disconnected} | ${sends} | ${after} | \`${name}\` › ${fault} › ${moment} |`,
      );
    }
  }
});
