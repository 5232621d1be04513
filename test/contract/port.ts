import { describe, expect, onTestFinished, test } from 'vitest';
import type { Port } from '../../src/index.js';
import { PortRecorder } from '../support/port-recorder.js';
import { outcome, someTurns } from './harness.js';

/** An open port, not yet started, and its device. */
export interface PortRig {
  readonly port: Port;
  /** The device sends bytes to the host. */
  give(bytes: Uint8Array): void | Promise<void>;
  /** Resolves when the device has received this many bytes. */
  taken(count: number): Promise<void>;
  /** Writes more than the device accepts at once, so that the write stays pending for a while. */
  writeTooMuch(): Promise<void> | undefined;
  /** The device is gone. */
  hangUp(): void | Promise<void>;
  /** Called when the test is over. The port is closed then. */
  dispose?(): void | Promise<void>;
}

/** Options of {@link describePortContract}. */
export interface PortContractOptions {
  /** Whether the port notices a hang-up while nothing is read or written. Default: true. */
  noticesWhileIdle?: boolean;
  /** Whether the device can send. If not, `give` is never called. Default: true. */
  sends?: boolean;
  /** Whether a write can stay pending. If not, `writeTooMuch` is never called. Default: true. */
  stalls?: boolean;
  /** Do not run. The name says why. */
  skip?: boolean;
}

/** Few enough that every port buffers all of them, and too many for one chunk of some ports. */
const SENT = Buffer.from(Array.from({ length: 3_000 }, (_, index) => index & 0xff));

/** What every port promises its listener. */
export function describePortContract(
  name: string,
  openRig: () => Promise<PortRig>,
  { noticesWhileIdle = true, sends = true, stalls = true, skip = false }: PortContractOptions = {},
): void {
  /** A rig whose port is closed when the test is over. */
  async function open(): Promise<PortRig> {
    const rig = await openRig();
    onTestFinished(async () => {
      if (rig.port.isOpen) {
        await rig.port.close();
      }
      await rig.dispose?.();
    });
    return rig;
  }

  /** Writes bytes. Rejects also if the call throws. */
  async function write(port: Port, bytes: Uint8Array): Promise<void> {
    await port.write(bytes);
  }

  // Tests of what the port cannot do are left out, not skipped: a skipped test reports a missing tool.
  const testIf = (applies: boolean, title: string, run: () => Promise<void>) => {
    if (applies) {
      test(title, run);
    }
  };

  describe.skipIf(skip)(`port contract: ${name}`, () => {
    testIf(sends, 'passes on every byte in order, in one chunk or several', async () => {
      const { port, give } = await open();
      const recorder = new PortRecorder(port);
      port.resume();
      await give(SENT);
      await recorder.until(() => recorder.bytes.length >= SENT.length);
      expect(recorder.bytes).toEqual(SENT);
    });

    testIf(sends, 'passes on no chunk before resume', async () => {
      const { port, give } = await open();
      const recorder = new PortRecorder(port);
      await give(SENT);
      await someTurns();
      expect(recorder.chunks).toEqual([]);
      port.resume();
      await recorder.until(() => recorder.bytes.length >= SENT.length);
      expect(recorder.bytes).toEqual(SENT);
    });

    testIf(sends, 'passes on no chunk after received returned false, until resume', async () => {
      const { port, give } = await open();
      const recorder = new PortRecorder(port);
      recorder.wantsMore = false;
      await give(SENT);
      for (let chunks = 1; recorder.bytes.length < SENT.length; chunks++) {
        port.resume();
        await recorder.until(() => recorder.chunks.length >= chunks);
        await someTurns(5);
        expect(recorder.chunks).toHaveLength(chunks);
      }
      expect(recorder.bytes).toEqual(SENT);
    });

    testIf(sends && stalls, 'passes on no chunk and reports no hang-up within start, resume and write', async () => {
      const { port, give, writeTooMuch } = await open();
      await give(SENT);
      await someTurns();
      const recorder = new PortRecorder(port);
      recorder.wantsMore = false;
      port.resume();
      expect(recorder.chunks).toEqual([]);
      const written = writeTooMuch();
      written?.catch(() => {});
      expect(recorder).toMatchObject({ chunks: [], hangUps: [] });
      await recorder.until(() => recorder.chunks.length > 0);
    });

    test('writes all bytes, in the order of the calls', async () => {
      const { port, taken } = await open();
      new PortRecorder(port);
      await port.write(Uint8Array.of(1, 2, 3));
      await port.write(Uint8Array.of(4, 5));
      await taken(5);
    });

    testIf(stalls, 'accepts one write at a time', async () => {
      const { port, writeTooMuch } = await open();
      new PortRecorder(port);
      const written = writeTooMuch();
      written?.catch(() => {});
      await expect(write(port, Uint8Array.of(1))).rejects.toThrow('a write is already pending');
    });

    test.each<[string, unknown]>([
      ['text', 'text'],
      ['an array', [1, 2]],
      ['nothing', undefined],
    ])('rejects a write of %s with TypeError, and stays usable', async (_what, value) => {
      const { port, taken } = await open();
      const recorder = new PortRecorder(port);
      await expect(write(port, value as Uint8Array)).rejects.toThrow(TypeError);
      await port.write(Uint8Array.of(1, 2, 3, 4, 5));
      await taken(5);
      expect(recorder.hangUps).toEqual([]);
    });

    testIf(stalls, 'drain waits for a pending write, and rejects with it', async () => {
      const { port, writeTooMuch, hangUp } = await open();
      const recorder = new PortRecorder(port);
      const written = outcome(Promise.resolve(writeTooMuch()));
      const drained = outcome(port.drain());
      expect(await Promise.race([drained, someTurns().then(() => 'pending')])).toBe('pending');
      await hangUp();
      await recorder.until(() => recorder.hangUps.length > 0);
      expect(await written).toEqual({ error: recorder.hangUps[0] });
      expect(await drained).toEqual({ error: recorder.hangUps[0] });
    });

    testIf(sends && stalls, 'rejects a pending write as canceled when closed, and reports nothing more', async () => {
      const { port, give, writeTooMuch, hangUp } = await open();
      const recorder = new PortRecorder(port);
      recorder.wantsMore = false;
      port.resume();
      await give(SENT);
      await recorder.until(() => recorder.chunks.length > 0);
      const written = outcome(Promise.resolve(writeTooMuch()));
      const closed = port.close();
      const before = recorder.chunks.length;
      expect(port.isOpen).toBe(false);
      expect(await written).toMatchObject({ error: { canceled: true } });
      await hangUp();
      await closed;
      await someTurns();
      expect(recorder.chunks).toHaveLength(before);
      expect(recorder.hangUps).toEqual([]);
    });

    test('rejects every call after it was closed', async () => {
      const { port } = await open();
      new PortRecorder(port);
      await port.close();
      expect(port.isOpen).toBe(false);
      for (const call of [
        () => port.close(),
        () => write(port, Uint8Array.of(1)),
        () => port.flush(),
        () => port.drain(),
        () => port.update({ baudRate: 9_600 }),
        () => port.set({ dtr: true }),
        () => port.get(),
        () => port.getBaudRate(),
      ]) {
        await expect(call()).rejects.toThrow('Port is not open');
      }
    });

    test.each([
      'while it is read',
      ...(noticesWhileIdle ? ['while it is paused'] : []),
      ...(stalls ? ['while it is written'] : []),
    ])('reports a hang-up exactly once, %s', async (moment) => {
      const { port, hangUp, writeTooMuch } = await open();
      const recorder = new PortRecorder(port);
      if (moment !== 'while it is paused') {
        port.resume();
      }
      const written = moment === 'while it is written' ? writeTooMuch() : undefined;
      const writeOutcome = written && outcome(written);
      await hangUp();
      await recorder.until(() => recorder.hangUps.length > 0);
      await someTurns();
      expect(recorder.hangUps).toHaveLength(1);
      expect(await (writeOutcome ?? { error: recorder.hangUps[0] })).toEqual({ error: recorder.hangUps[0] });
      await expect(write(port, Uint8Array.of(1))).rejects.toBe(recorder.hangUps[0]);
      expect(port.isOpen).toBe(true);
      await port.close().catch(() => {});
      await someTurns();
      expect(recorder.hangUps).toHaveLength(1);
    });

    if (noticesWhileIdle) {
      test('reports a hang-up that happened before start', async () => {
        const { port, hangUp } = await open();
        await hangUp();
        await someTurns();
        const recorder = new PortRecorder(port);
        expect(recorder.hangUps).toEqual([]);
        await recorder.until(() => recorder.hangUps.length > 0);
        await someTurns();
        expect(recorder.hangUps).toHaveLength(1);
      });
    }

    test('may be closed when it reports a hang-up', async () => {
      const { port, hangUp } = await open();
      const recorder = new PortRecorder(port);
      let closed: Promise<unknown> | undefined;
      recorder.hungUp = (error) => {
        recorder.hangUps.push(error);
        closed = port.close().catch(() => {});
      };
      port.resume();
      await hangUp();
      while (closed === undefined) {
        await someTurns(1);
      }
      await closed;
      expect(port.isOpen).toBe(false);
      expect(recorder.hangUps).toHaveLength(1);
    });

    testIf(sends, 'may be closed when it passes on a chunk', async () => {
      const { port, give } = await open();
      const recorder = new PortRecorder(port);
      let closed: Promise<void> | undefined;
      recorder.received = (chunk) => {
        recorder.chunks.push(Buffer.from(chunk));
        closed ??= port.close();
        return true;
      };
      port.resume();
      await give(SENT);
      while (closed === undefined) {
        await someTurns(1);
      }
      await closed;
      await someTurns();
      expect(recorder.chunks).toHaveLength(1);
      expect(recorder.hangUps).toEqual([]);
    });
  });
}
