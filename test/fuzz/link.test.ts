import { describe, expect, test } from 'vitest';
import {
  type ChecksumName,
  type FrameDecoderOptions,
  type RejectedFrame,
  SerialCommunicator,
  type SerialConnection,
} from '../../src/index.js';
import { expectedResults } from '../framing/reference.js';
import { type KernelPort, kernelBinding } from '../support/kernel-port.js';
import { MiB, usedBytes } from '../support/memory.js';
import { expectNothingUncounted } from '../support/stats.js';
import { chunksOf, expectSameResults, FUZZ_TIMEOUT_MS, fuzz, pick, type Random } from './fuzz.js';
import { randomPacket, randomStream } from './streams.js';

type Result = Uint8Array | RejectedFrame;

/** A packet that was sent, and how that ended. */
interface Sending {
  readonly packet: Uint8Array;
  /** `sent`, `aborted`, or the code of the error. */
  outcome: string | undefined;
  /** How many ports had been opened when it ended, and how many bytes the device had got. */
  portsThen: number;
  wireBytesThen: number;
}

const SHUTDOWN_TIMEOUT_MS = 20;

/** The first bytes of a packet that is sent are its number. */
const NUMBER_BYTES = 4;

const turn = () => new Promise((resolve) => setImmediate(resolve));

function randomSettings(random: Random) {
  return {
    maxPacketBytes: pick(random, [5, 253, 254, 255, random(3_000) + 5, 65_536]),
    checksum: pick<ChecksumName>(random, ['none', 'none', 'crc16', 'crc32']),
    skipFirst: random(4) === 0,
    syncOnOpen: random(4) > 0,
    sendTimeoutMs: pick(random, [0, 3, 5]),
    // Less than the least time-out.
    settleMs: pick(random, [0, 0, 0, 2]),
    whenDisconnected: pick(random, ['reject', 'wait'] as const),
    reconnect: { minDelayMs: 1, maxDelayMs: 2 },
    sendQueueBytes: pick(random, [70_000, 1_048_576]),
  } satisfies Partial<SerialConnection>;
}

/** A connection with a kernel at the other end, both ends of which record what they see. */
class Bench {
  readonly settings: ReturnType<typeof randomSettings>;
  readonly serial: SerialCommunicator;
  readonly ports: KernelPort[];
  /** What the kernel has got from the device, one entry a port. */
  readonly given: Buffer[] = [];
  readonly results: Result[] = [];
  readonly sendings: Sending[] = [];
  readonly promises: Promise<void>[] = [];
  readonly #random: Random;
  readonly #reportsProgress: boolean;
  readonly #aborts: AbortController[] = [];
  losses = 0;
  connects = 0;
  handlerErrors = 0;
  throws = 0;
  handling = 0;

  constructor(random: Random) {
    this.#random = random;
    this.settings = randomSettings(random);
    this.#reportsProgress = random(3) > 0;
    const { binding, ports } = kernelBinding({ reportsProgress: this.#reportsProgress });
    this.ports = ports;
    this.serial = new SerialCommunicator({ binding, shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS });
    this.serial.addConnection('arm', { path: '/dev/kernel', baudRate: 9_600, ...this.settings });
    this.serial.on('rejectedFrame', ({ name: _, ...frame }) => this.results.push(frame));
    this.serial.on('connected', () => this.connects++);
    this.serial.on('handlerError', () => this.handlerErrors++);
    this.serial.on('disconnected', () => this.losses++);
    this.serial.setReceiveHandler((_, packet) => this.#handle(packet));
  }

  get port(): KernelPort | undefined {
    return this.ports.at(-1);
  }

  /** All that the device has got. What it has of a frame it keeps from one opening to the next. */
  get wire(): Buffer {
    return Buffer.concat(this.ports.map((port) => port.taken));
  }

  give(bytes: Uint8Array): void {
    const index = this.ports.length - 1;
    this.given[index] = Buffer.concat([this.given[index] ?? Buffer.alloc(0), bytes]);
    this.port?.give(bytes);
  }

  send(): void {
    const random = this.#random;
    const packet = Buffer.from(randomPacket(random, random(8) === 0 ? 3_000 : this.settings.maxPacketBytes));
    const numbered = Buffer.concat([Buffer.alloc(NUMBER_BYTES), packet.subarray(NUMBER_BYTES)]);
    numbered.writeUInt32BE(this.sendings.length);
    const sending: Sending = { packet: new Uint8Array(numbered), outcome: undefined, portsThen: 0, wireBytesThen: 0 };
    this.sendings.push(sending);
    const controller = new AbortController();
    if (random(4) === 0) {
      this.#aborts.push(controller);
    }
    const ended = (outcome: string) => {
      sending.outcome = outcome;
      sending.portsThen = this.ports.length;
      sending.wireBytesThen = this.ports.reduce((sum, port) => sum + port.takenBytes, 0);
    };
    this.promises.push(
      this.serial.send('arm', sending.packet, { signal: controller.signal }).then(
        () => ended('sent'),
        (error) => ended(error === 'abort' ? 'aborted' : error.code),
      ),
    );
  }

  abort(): void {
    this.#aborts.splice(this.#random(this.#aborts.length + 1), 1)[0]?.abort('abort');
  }

  #handle(packet: Uint8Array): void | Promise<void> {
    expect(this.handling, 'one packet is handled at a time').toBe(0);
    this.results.push(packet);
    switch (this.#random(8)) {
      case 0:
        this.throws++;
        throw new Error('a fault of the handler');
      case 1:
        this.handling++;
        return turn().then(() => {
          this.handling--;
          this.throws++;
          throw new Error('a fault of the handler');
        });
      case 2:
        this.handling++;
        return turn().then(() => {
          this.handling--;
        });
    }
  }

  /** What the link read of each port must be what it has told. */
  checkReceived(): void {
    const expected: Result[] = [];
    let bytesRead = 0;
    const options: Required<FrameDecoderOptions> = { ...this.settings, minPacketBytes: 0 };
    for (const [index, port] of this.ports.entries()) {
      const given = this.given[index] ?? Buffer.alloc(0);
      const read = new Uint8Array(given.subarray(0, given.length - port.unreadBytes));
      bytesRead += read.length;
      expected.push(...expectedResults(read, { ...options, skipFirst: options.skipFirst && !port.sentFirst }));
    }
    const stats = this.serial.stats('arm');
    expect(stats.bytesRead).toBe(bytesRead);
    // What waited for a busy handler when `shutdown` came is counted, but not told.
    expectSameResults(this.results, expected.slice(0, this.results.length));
    const packets = expected.filter((result) => result instanceof Uint8Array);
    expect(stats.packetsReceived).toBe(packets.length);
    expect(stats.packetBytesReceived).toBe(packets.reduce((sum, packet) => sum + packet.length, 0));
    expect(stats.packetsDelivered).toBe(this.results.filter((result) => result instanceof Uint8Array).length);
    expect(stats.malformedFrames + stats.tooLongFrames + stats.checksumFrames).toBe(expected.length - packets.length);
    if (stats.packetsDropped === 0 && this.results.length < expected.length) {
      // Only rejections may be missing then: those behind the packet that a busy handler had.
      expect(expected.slice(this.results.length).some((result) => result instanceof Uint8Array)).toBe(false);
    }
  }

  /** What the device gets is what was sent, in order and once; nothing of it is left out that was told to be sent. */
  checkSent(): void {
    const arrivedAt = new Map<number, { startsAt: number; endsAt: number }>();
    let rejected = 0;
    let previous = -1;
    for (const { result, startsAt, endsAt } of this.#framesOf(this.wire)) {
      if (!(result instanceof Uint8Array)) {
        rejected++;
        continue;
      }
      const packet = Buffer.from(result);
      expect(packet.length, 'no packet was cut').toBeGreaterThanOrEqual(NUMBER_BYTES);
      const number = packet.readUInt32BE();
      expect(Buffer.compare(packet, this.sendings[number]?.packet ?? Buffer.alloc(0)), 'nothing was made up').toBe(0);
      expect(number, 'the order is kept').toBeGreaterThan(previous);
      previous = number;
      arrivedAt.set(number, { startsAt, endsAt });
    }
    expect(rejected, 'frames that the device rejects').toBeLessThanOrEqual(this.serial.stats('arm').framesTruncated);
    for (const [number, { outcome, wireBytesThen }] of this.sendings.entries()) {
      const { startsAt, endsAt } = arrivedAt.get(number) ?? {};
      switch (outcome) {
        case undefined:
          expect.unreachable('every send settles');
          break;
        case 'sent':
          expect(endsAt ?? Number.NaN, `packet ${number} was sent`).toBeLessThanOrEqual(wireBytesThen);
          break;
        case 'aborted':
        case 'SEND_TIMEOUT':
          if (startsAt !== undefined && this.#reportsProgress) {
            expect(startsAt, `packet ${number}, ${outcome}: goes out only if it was begun`).toBeLessThan(wireBytesThen);
          }
          break;
        case 'PACKET_TOO_LARGE':
        case 'SEND_QUEUE_FULL':
          expect(endsAt, `packet ${number} was refused`).toBeUndefined();
      }
    }
    this.#checkNothingLate();
  }

  /** Nothing of a packet whose `send` has rejected goes to a later opening. */
  #checkNothingLate(): void {
    for (const [index, port] of this.ports.entries()) {
      for (const { result } of this.#framesOf(port.taken)) {
        if (result instanceof Uint8Array) {
          expect(index).toBeLessThan(this.sendings[Buffer.from(result).readUInt32BE()]!.portsThen);
        }
      }
    }
  }

  /** What a device makes of it, frame by frame. */
  *#framesOf(wire: Buffer): Generator<{ result: Result; startsAt: number; endsAt: number }> {
    for (let start = 0, end = wire.indexOf(0); end !== -1; start = end + 1, end = wire.indexOf(0, start)) {
      const frame = new Uint8Array(wire.subarray(start, end + 1));
      for (const result of expectedResults(frame, {
        ...this.settings,
        maxPacketBytes: 1e6,
        minPacketBytes: 0,
        skipFirst: false,
      })) {
        yield { result, startsAt: start, endsAt: end + 1 };
      }
    }
  }

  checkCounts(): void {
    const stats = this.serial.stats('arm');
    expectNothingUncounted(stats);
    const count = (...outcomes: string[]) => this.sendings.filter(({ outcome }) => outcomes.includes(outcome!)).length;
    expect(stats.packetsSent).toBe(count('sent'));
    expect(stats.packetsAborted).toBe(count('aborted'));
    expect(stats.packetsTimedOut).toBe(count('SEND_TIMEOUT'));
    expect(stats.packetsShutDown).toBe(count('SHUTDOWN_TIMEOUT'));
    expect(stats.packetsLost + stats.packetsRefused).toBe(
      count('CONNECTION_LOST', 'PACKET_TOO_LARGE', 'SEND_QUEUE_FULL'),
    );
    expect(stats.packetsAccepted + stats.packetsRefused).toBe(this.sendings.length);
    expect(stats.losses).toBe(this.losses);
    expect(stats.opens).toBe(this.connects);
    expect(this.handlerErrors).toBe(this.throws);
  }
}

async function runCase(random: Random): Promise<void> {
  const bench = new Bench(random);
  const { serial } = bench;
  // Small writes with many losses find other faults than large ones with few.
  const takes = pick(random, [
    [1, 2, 3],
    [1, 10, 300, 5_000],
  ]);
  const hangUpIn = pick(random, [2, 8, 1_000]);
  const incoming = chunksOf(random, randomStream(random, bench.settings.checksum));
  await serial.initialize();
  for (let steps = random(200); steps >= 0; steps--) {
    switch (random(12)) {
      case 0:
      case 1:
      case 2:
        bench.give(incoming.shift() ?? new Uint8Array(0));
        break;
      case 3:
      case 4:
        bench.send();
        break;
      case 5:
        bench.abort();
        break;
      case 6:
      case 7:
        bench.port?.take(pick(random, takes));
        break;
      case 8:
        if (random(hangUpIn) === 0) {
          bench.port?.hangUp();
        }
        break;
      case 9:
        if (random(4) === 0) {
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        break;
      default:
        await turn();
    }
  }
  if (random(2) === 0) {
    // All is well at last: what can be sent is.
    while (serial.stats('arm').packetsWaiting > 0) {
      bench.port?.take(100_000);
      await turn();
    }
  }
  const startedAt = performance.now();
  await serial.shutdown();
  expect(performance.now() - startedAt).toBeLessThan(SHUTDOWN_TIMEOUT_MS + 1_000);
  await Promise.all(bench.promises);
  // A handler may be busy still.
  await turn();
  await turn();
  expect(bench.ports.every((port) => !port.isOpen)).toBe(true);
  bench.checkCounts();
  bench.checkReceived();
  bench.checkSent();
}

describe('a link', () => {
  test(
    'gives and sends what it should, whatever comes, and whatever happens to its port',
    async () => {
      let before: number | undefined;
      let cases = 0;
      await fuzz('link', async (random) => {
        await runCase(random);
        if (++cases === 10) {
          before = usedBytes();
        }
      });
      if (before !== undefined) {
        expect(usedBytes() - before).toBeLessThan(16 * MiB);
      }
    },
    FUZZ_TIMEOUT_MS,
  );
});
