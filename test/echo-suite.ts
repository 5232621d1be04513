import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Binding, SerialCommunicator, type SerialConnection } from '../src/index.js';
import { Inbox } from './support/inbox.js';
import { randomBytes, randomNumbers, runSeed } from './support/random.js';

/** A port with a device that echoes every packet. */
export interface EchoTarget {
  readonly connection: SerialConnection;
  /** Default: the default of `SerialCommunicator`. */
  readonly binding?: Binding;
  /** Called after the last test, when the port is closed. */
  dispose?(): Promise<void>;
}

/** Options of {@link describeEchoSuite}. */
export interface EchoSuiteOptions {
  /** The longest packet that the target echoes, in bytes. */
  largestPacketBytes: number;
  /** How long one test may take, in milliseconds. Default: the default of the test runner. */
  testTimeoutMs?: number;
  /** Skips the suite. The name says why. */
  skip?: boolean;
}

/** Lengths around the ends of COBS blocks, which are multiples of 254 bytes. */
const SIZES = [0, 1, 2, 253, 254, 255, 256, 508, 509];

/** Sends packets of all interesting sizes and contents through one port, and expects each one's echo to be the same. */
export function describeEchoSuite(
  name: string,
  makeTarget: () => Promise<EchoTarget>,
  { largestPacketBytes, testTimeoutMs, skip = false }: EchoSuiteOptions,
): void {
  const sizes = [...new Set([...SIZES.filter((size) => size <= largestPacketBytes), largestPacketBytes])];
  const timeout = testTimeoutMs === undefined ? {} : { timeout: testTimeoutMs };
  const seed = runSeed();

  describe.skipIf(skip)(`echo: ${name}`, timeout, () => {
    let target: EchoTarget;
    let communicator: SerialCommunicator;
    let inbox: Inbox;
    const random = randomNumbers(seed);
    const contents: [string, (size: number) => Uint8Array][] = [
      ['all zero', (size) => new Uint8Array(size)],
      ['no zero', (size) => Uint8Array.from({ length: size }, (_, index) => (index % 255) + 1)],
      ['random', (size) => randomBytes(size, random)],
    ];

    beforeAll(async () => {
      target = await makeTarget();
      communicator = new SerialCommunicator(target.binding === undefined ? {} : { binding: target.binding });
      communicator.addConnection('echo', target.connection);
      inbox = new Inbox();
      communicator.setReceiveHandler(inbox.handler);
      await communicator.initialize();
    }, testTimeoutMs);

    let failed: string | undefined;
    beforeEach(({ task, onTestFailed }) => {
      // The packets of a failed test would be missing in the next one, or arrive there.
      expect(failed, 'not run: an earlier test has failed').toBeUndefined();
      onTestFailed(() => {
        failed = task.name;
      });
    });

    afterAll(async () => {
      await communicator[Symbol.asyncDispose]();
      await target.dispose?.();
    });

    /** Instead of `toEqual`, which takes seconds for a long packet. */
    const expectSame = (received: Uint8Array, sent: Uint8Array) => {
      const differsAt = sent.findIndex((byte, index) => byte !== received[index]);
      expect({ length: received.length, differsAt }, `seed: TEST_SEED=${seed}`).toEqual({
        length: sent.length,
        differsAt: -1,
      });
    };

    const cases = sizes.flatMap((size) => contents.map(([what, make]) => ({ size, what, make })));

    test.each(cases)('$size bytes, $what', timeout, async ({ size, make }) => {
      const packet = make(size);
      await communicator.send('echo', packet);
      expectSame((await inbox.next()).packet, packet);
    });

    test('one longest packet, followed at once by a hundred of one byte', timeout, async () => {
      const packets = [
        randomBytes(largestPacketBytes, random),
        ...Array.from({ length: 100 }, () => randomBytes(1, random)),
      ];
      await Promise.all(packets.map((packet) => communicator.send('echo', packet)));
      for (const packet of packets) {
        expectSame((await inbox.next()).packet, packet);
      }
    });

    test('thirty concurrent packets of random lengths', timeout, async () => {
      const packets = Array.from({ length: 30 }, () =>
        randomBytes(random(Math.min(largestPacketBytes, 600) + 1), random),
      );
      await Promise.all(packets.map((packet) => communicator.send('echo', packet)));
      for (const packet of packets) {
        expectSame((await inbox.next()).packet, packet);
      }
    });

    test('nothing else arrived, and every byte is counted', timeout, async () => {
      const stats = communicator.stats('echo');
      expect(inbox.arrivals).toHaveLength(cases.length + 101 + 30);
      expect(stats).toMatchObject({
        packetsSent: inbox.arrivals.length,
        packetsReceived: inbox.arrivals.length,
        packetBytesReceived: stats.packetBytesSent,
        malformedFrames: 0,
        checksumFrames: 0,
        tooLongFrames: 0,
        unfinishedBytes: 0,
      });
    });
  });
}
