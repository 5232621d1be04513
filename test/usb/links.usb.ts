import { afterAll, describe, expect, test } from 'vitest';
import type { ConnectionState, PortInfo, SerialStats } from '../../src/index.js';
import { expectNothingUncounted } from '../support/stats.js';
import { Machine, missingTools } from './machine.js';

const needs = process.arch === 'x64' ? missingTools.join(', ') : 'an x86-64 processor';

let booted: Promise<Machine> | undefined;

afterAll(async () => {
  await (await booted?.catch(() => undefined))?.end();
});

/** What a guest script finds out; it is run when the first test asks. */
function factsOf<Facts>(script: string): () => Promise<Facts> {
  let facts: Promise<Facts> | undefined;
  return () => {
    booted ??= Machine.boot();
    facts ??= booted.then((machine) => machine.run<Facts>(script));
    return facts;
  };
}

describe.skipIf(needs !== '')(`a real kernel with real USB serial drivers${needs && ` (needs ${needs})`}`, () => {
  describe('the list of ports', () => {
    const facts = factsOf<{
      listed: PortInfo[];
      listedByUdev: PortInfo[];
      listedBySercom: { path: string }[];
      afterwards: { lists: number; listed: PortInfo[] };
    }>('list');

    test('has the ids that devices on cdc_acm and ftdi_sio tell of themselves', async () => {
      const { listed } = await facts();
      expect(listed.filter(({ vendorId }) => vendorId !== undefined)).toMatchObject([
        {
          path: '/dev/ttyACM0',
          vendorId: '2341',
          productId: '0043',
          serialNumber: 'GADGET42',
          manufacturer: 'Bench',
          pnpId: 'usb-Bench_0043_GADGET42-if00',
        },
        {
          path: '/dev/ttyUSB0',
          vendorId: '0403',
          productId: '6001',
          serialNumber: 'BENCH0001',
          manufacturer: 'QEMU',
          pnpId: 'usb-QEMU_QEMU_USB_SERIAL_BENCH0001-if00-port0',
        },
      ]);
    });

    test('says of USB ports what udev says', async () => {
      const { listed, listedByUdev } = await facts();
      const ofUsb = listedByUdev.filter(({ vendorId }) => vendorId !== undefined);
      expect(ofUsb).toHaveLength(2);
      for (const port of ofUsb) {
        expect(listed.find(({ path }) => path === port.path)).toMatchObject(port);
      }
    });

    test('leaves out places for a serial port that are empty, which udev does not', async () => {
      const { listed, listedByUdev } = await facts();
      expect(listedByUdev.map(({ path }) => path)).toContain('/dev/ttyS2');
      expect(listed.map(({ path }) => path)).not.toContain('/dev/ttyS2');
      expect(listed.map(({ path }) => path)).toContain('/dev/ttyS0');
    });

    test('is what sercom list prints, USB devices first', async () => {
      const { listedBySercom } = await facts();
      expect(listedBySercom.slice(0, 2)).toMatchObject([
        { path: '/dev/ttyACM0', vendorId: '2341', productId: '0043', serialNumber: 'GADGET42' },
        { path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001', serialNumber: 'BENCH0001' },
      ]);
    });

    test('never fails while devices come and go', async () => {
      const { afterwards } = await facts();
      expect(afterwards.lists).toBeGreaterThan(0);
      expect(afterwards.listed.filter(({ vendorId }) => vendorId !== undefined)).toEqual([]);
    });
  });

  interface Round {
    state: string;
    told: [code: string, willReconnect: boolean][];
    /** From when the kernel has the device until it is connected. */
    connectedAfterMs: number;
    /** From the unplug until it is told. */
    afterMs: number;
    sendErrors: string[];
    /** From then until the process is quiet; null if it never is. */
    quietAfterMs: number | null;
    connectionState: ConnectionState;
  }

  interface Rounds {
    rounds: Round[];
    events: string[];
    stats: SerialStats;
  }

  function describeUnplugs(facts: () => Promise<Rounds>, counts: Record<string, number>): void {
    const total = Object.values(counts).reduce((sum, count) => sum + count);

    test.each(Object.entries(counts))('%s: each of %i unplugs is told exactly once', async (state, count) => {
      const rounds = (await facts()).rounds.filter((round) => round.state === state);
      expect(rounds.map(({ told }) => told)).toEqual(Array(count).fill([['CONNECTION_LOST', true]]));
    });

    test('sends that are under way reject with CONNECTION_LOST, and none hangs', async () => {
      for (const { state, sendErrors } of (await facts()).rounds) {
        expect(sendErrors, state).toEqual(state.startsWith('sending') ? ['CONNECTION_LOST'] : []);
      }
    });

    test('afterwards the process is quiet', async () => {
      const { rounds } = await facts();
      for (const what of ['connectedAfterMs', 'afterMs', 'quietAfterMs'] as const) {
        const times = rounds.map((round) => round[what] ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
        console.log(`${what}: ${times[0]} to ${times.at(-1)}, median ${times[times.length >> 1]} (emulation)`);
      }
      expect(rounds.filter(({ quietAfterMs }) => quietAfterMs === null)).toEqual([]);
      expect(rounds.filter(({ connectionState }) => connectionState === 'connected')).toEqual([]);
    });

    test('each time that it returns it is connected at once, by watching /dev: the next try would be far away', async () => {
      const { events, stats } = await facts();
      expect(events).toEqual(Array.from({ length: 2 * total }, (_, i) => (i % 2 === 0 ? 'connected' : 'disconnected')));
      expect(stats).toMatchObject({ opens: total, losses: total });
    });

    test('nothing is lost without a count', async () => {
      expectNothingUncounted((await facts()).stats);
    });
  }

  describe('unplugging a gadget on cdc_acm', () => {
    const facts = factsOf<Rounds & { absent: object }>('unplug-gadget');

    test('a connection that is not required starts without its device', async () => {
      expect((await facts()).absent).toEqual({ state: 2, connectionState: 'disconnected' });
    });

    // The first three are the 20 while streaming.
    describeUnplugs(facts, {
      receivingFlood: 8,
      receivingTrickle: 4,
      sendingAndReceiving: 8,
      sending: 2,
      idle: 10,
      slowHandler: 2,
      nobodyListens: 2,
    });
  });

  describe('unplugging an adapter on ftdi_sio', () => {
    describeUnplugs(factsOf<Rounds>('unplug-adapter'), { receivingFlood: 3, sendingAndReceiving: 3, idle: 3 });
  });

  describe('a device that is found by what it says of itself', () => {
    interface Return {
      paths: [path: string, serialNumber: string][];
      stats: SerialStats;
    }

    const facts = factsOf<{ gadget: Return; adapter: Return; two: Record<string, unknown>; one: object }>('identity');

    test.each([
      ['gadget', 'GADGET42', '/dev/ttyACM'],
      ['adapter', 'BENCH0001', '/dev/ttyUSB'],
    ] as const)(
      'the %s is found when it comes back under another name, and again under the old one',
      async (which, serialNumber, name) => {
        const { paths, stats } = (await facts())[which];
        expect(paths).toEqual([
          [`${name}0`, serialNumber],
          [`${name}1`, serialNumber],
          [`${name}0`, serialNumber],
        ]);
        expect(stats).toMatchObject({ opens: 3, losses: 2, packetsSent: 3, packetsReceived: 3 });
        expectNothingUncounted(stats);
      },
    );

    test('two devices of a kind are told apart by serial number, in capitals or not', async () => {
      const { two } = await facts();
      expect(two.paths).toEqual({ first: ['/dev/ttyACM0'], second: ['/dev/ttyACM1'] });
      expect(two.bySerialNumber).toEqual({ path: '/dev/ttyACM1' });
    });

    test('more than one match and no match are errors that list what is there', async () => {
      const { two } = await facts();
      const both = /\/dev\/ttyACM0 \(2341:0043 GADGET42\), \/dev\/ttyACM1 \(2341:0043 GADGET43\)/;
      expect(two.byProduct).toEqual({ code: 'PORT_AMBIGUOUS', message: expect.stringMatching(both) });
      expect(two.byOther).toEqual({ code: 'PORT_NOT_FOUND', message: expect.stringMatching(both) });
    });

    test('one match is enough', async () => {
      expect((await facts()).one).toEqual({ path: '/dev/ttyACM1' });
    });
  });

  describe('four ports whose devices stall, with many sends on each', () => {
    interface Times {
      medianMs: number;
      p99Ms: number;
      maxMs: number;
    }

    interface Sends {
      all: number;
      outcomes: Record<string, number>;
    }

    const facts = factsOf<{
      statTimes: { unloaded: Times; stalled: Times };
      goingOn: Sends & { sentWhileStalled: number; bytesWritten: number; bytesRead: number };
      unplugged: Sends & { sentBefore: number };
      unpluggedStats: SerialStats[];
      shutdown: Sends & { shutdownMs: number; shutdownTimeoutMs: number };
      shutdownStats: SerialStats[];
      statTimesAfterShutdown: Times;
      silent: { shutdownMs: number; statTimes: Times };
      exitAfterMs: number;
    }>('stall');

    /**
     * Emulation is slow, and the machine under it may be busy: then what was measured before the stall counts. A single
     * call may meet a pause of the machine; a pool whose threads are held lets none through.
     */
    function expectFast(times: Times, unloaded: Times): void {
      console.log('fs.stat, in ms (emulation)', { unloaded, stalled: times });
      expect(times.medianMs).toBeLessThan(Math.max(50, 3 * unloaded.medianMs));
      expect(times.p99Ms).toBeLessThan(Math.max(50, 3 * unloaded.p99Ms));
    }

    test('fs.stat stays under 50 ms', async () => {
      const { unloaded, stalled } = (await facts()).statTimes;
      expectFast(stalled, unloaded);
    });

    test('when they read again, every packet goes out, and not a byte more or less', async () => {
      const { all, sentWhileStalled, outcomes, bytesWritten, bytesRead } = (await facts()).goingOn;
      expect(sentWhileStalled).toBeLessThan(all);
      expect(outcomes).toEqual({ sent: all });
      expect(bytesRead).toBe(bytesWritten);
    });

    test('when they are unplugged, every send that is pending rejects with CONNECTION_LOST', async () => {
      const { unplugged, unpluggedStats } = await facts();
      const { all, sentBefore, outcomes } = unplugged;
      expect(sentBefore).toBeLessThan(all);
      expect(outcomes).toEqual({ sent: sentBefore, CONNECTION_LOST: all - sentBefore });
      for (const stats of unpluggedStats) {
        expectNothingUncounted(stats);
      }
    });

    test('shutdown ends within shutdownTimeoutMs, and every send that is pending rejects with SHUTDOWN_TIMEOUT', async () => {
      const { shutdown, shutdownStats } = await facts();
      const { all, outcomes, shutdownMs, shutdownTimeoutMs } = shutdown;
      console.log(`shutdown took ${shutdownMs} ms (emulation)`);
      // For the timers of a slow machine.
      expect(shutdownMs).toBeLessThan(shutdownTimeoutMs + 500);
      expect(outcomes.SHUTDOWN_TIMEOUT).toBeGreaterThan(0);
      expect(outcomes).toEqual({
        sent: all - outcomes.SHUTDOWN_TIMEOUT!,
        SHUTDOWN_TIMEOUT: outcomes.SHUTDOWN_TIMEOUT,
      });
      for (const stats of shutdownStats) {
        expectNothingUncounted(stats);
      }
    });

    test('so it does where the kernel keeps bytes that the device never takes', async () => {
      const { silent, shutdown } = await facts();
      expect(silent.shutdownMs).toBeLessThan(shutdown.shutdownTimeoutMs + 500);
    });

    test('after shutdown fs.stat stays under 50 ms, too', async () => {
      const { statTimes, statTimesAfterShutdown, silent } = await facts();
      expectFast(statTimesAfterShutdown, statTimes.unloaded);
      expectFast(silent.statTimes, statTimes.unloaded);
    });

    test('after shutdown nothing keeps the process alive, though the devices still take nothing', async () => {
      const { exitAfterMs } = await facts();
      expect(exitAfterMs).toBeLessThan(2_000);
    });
  });

  describe('a user of group dialout', () => {
    const facts = factsOf<{ times: Record<string, (number | null)[]> }>('user');

    test.each(['path', 'byId', 'device'])(
      'is connected as soon as udev has let the group in, with %s in the connection',
      async (target) => {
        const times = (await facts()).times[target]!;
        console.log(`${target}: connected after ${times.join(', ')} ms (emulation)`);
        expect(times).toHaveLength(target === 'path' ? 3 : 2);
        expect(times).not.toContain(null);
      },
    );
  });

  describe('sercom', () => {
    interface Ended {
      code: number;
      out: string[];
      err: string[];
    }

    const facts = factsOf<{
      watched: Ended;
      monitored: { code: number; err: string[]; lines: object[] };
      unnamed: Ended;
      none: Ended;
    }>('sercom');

    test('list --watch tells of a device that comes, and goes', async () => {
      const { code, out } = (await facts()).watched;
      const changes = out.filter((line) => line.includes('ttyACM0')).map((line) => JSON.parse(line));
      expect(changes.map(({ change }) => change)).toEqual(
        changes.length === 2 ? ['added', 'removed'] : ['added', 'removed', 'added', 'removed'],
      );
      expect(changes[0]).toMatchObject({ path: '/dev/ttyACM0', vendorId: '2341', productId: '0043' });
      expect(changes.at(-1)).toMatchObject({ serialNumber: 'GADGET42', manufacturer: 'Bench' });
      expect(code).toBe(0);
    });

    test('monitor usb:VID:PID:SERIAL finds the device, tells its loss, and goes on when it is back', async () => {
      const { code, err, lines } = (await facts()).monitored;
      const packet = Buffer.from('A'.repeat(198)).toString('hex');
      expect(lines).toEqual(
        lines.map(() => expect.objectContaining({ name: 'arm', dir: 'rx', length: 198, hex: packet })),
      );
      expect(lines.length).toBeGreaterThan(0);
      const told = err.filter((line) => line !== '');
      expect(told[0]).toMatch(/^sercom: .*arm.*lost/);
      expect(told[1]).toMatch(/^sercom: .*arm.*\/dev\/ttyACM/);
      expect(told.at(-1)).toMatch(/^sercom: received \d+ packets/);
      expect(code).toBe(0);
    });

    test('monitor without a port takes the only USB port, and says which', async () => {
      const { code, out, err } = (await facts()).unnamed;
      expect(err[0]).toBe('sercom: using /dev/ttyACM0 (2341:0043 Bench GADGET42)');
      expect(out[0]).toMatch(/ttyACM0 +rx +198 /);
      expect(code).toBe(0);
    });

    test('a device that is not there is an error that lists what is', async () => {
      const { code, err } = (await facts()).none;
      expect(err[0]).toMatch(/^sercom: .*2341.*0099.*\/dev\/ttyACM0/);
      expect(code).toBe(1);
    });
  });

  describe('control lines', () => {
    const facts = factsOf<{
      gadget: { seen: { isOpen: boolean; dsr: boolean; dcd: boolean }[]; set: string; afterUnplug: string[] };
      adapter: { set: string[]; afterUnplug: string[] };
    }>('signals');

    test('signals tells DSR and DCD, which a gadget raises while its end is open', async () => {
      const { seen } = (await facts()).gadget;
      expect(seen).toEqual([true, false, true].map((isOpen) => ({ isOpen, dsr: isOpen, dcd: isOpen })));
    });

    test('dtr and rts at opening and setSignals work on an adapter on ftdi_sio', async () => {
      expect((await facts()).adapter.set).toEqual(['done', 'done', 'done', 'done']);
    });

    test('setSignals rejects with SIGNALS_ERROR on a device on cdc_acm that does no break', async () => {
      expect((await facts()).gadget.set).toBe('SIGNALS_ERROR');
    });

    test('signals and setSignals reject with CONNECTION_LOST after an unplug', async () => {
      const { gadget, adapter } = await facts();
      expect([gadget.afterUnplug, adapter.afterUnplug]).toEqual(Array(2).fill(['CONNECTION_LOST', 'CONNECTION_LOST']));
    });
  });
});
