import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { directBinding } from 'serial-communicator';
import {
  FaultyLine,
  MockDevice,
  mockBinding,
  SimulatedBoard,
  simulatedBinding,
  unoEchoImage,
} from 'serial-communicator/testing';
import { hex, isEmptyByNoise, makePacket, packetNumber } from './packets.mjs';
import { Pty } from './pty.mjs';

/** Numbers of unsolicited packets from a device start here. */
const FIRST_UNSOLICITED = 0x8000_0000;

/**
 * A device, the line to it, and the faults that both can have. A connection to it sends numbered packets.
 *
 * - `checksum`: the checksum that the connection must use
 * - `isExact`: every packet that arrives must be one that was sent, even without a checksum
 * - `faults`: functions that inject a fault and return a function that repairs it
 */
class Station {
  nextNumber = 0;
  nextUnsolicited = FIRST_UNSOLICITED;
  /** How many packets came in, at either end, that `isEmptyByNoise` is true of. */
  emptyByNoise = 0;

  constructor(name, line, { checksum, isExact = false, faults = {}, end = async () => {} }) {
    this.name = name;
    this.line = line;
    this.checksum = checksum;
    this.isExact = isExact;
    this.end = end;
    this.faults = {
      'line stalls': () => {
        line.stall();
        return () => line.resume();
      },
      'line unplugged': () => {
        line.unplug();
        return () => line.plug();
      },
      'line unplugged between two chunks': () => {
        line.setFaults({ toDevice: { cutRate: 0.2, maxDelayMs: 5 } });
        return () => {
          line.unplug();
          line.setFaults({});
          setTimeout(() => line.plug(), 5);
        };
      },
      ...faults,
    };
  }

  /** Called after a communicator shut down. The next one cannot know of its partial frame, so the device drops it. */
  discardPartialFrame() {}

  /** Repairs all faults: nothing is stalled, unplugged or noisy afterwards. */
  repair() {
    this.line.setFaults({});
    this.line.resume();
    this.line.plug();
  }
}

function noise(random) {
  const rate = () => random.pick([0, 0, 0.0005, 0.005]);
  return {
    dropRate: rate(),
    flipRate: rate(),
    insertRate: rate(),
    duplicateRate: rate(),
    cutRate: random.pick([0, 0.01, 0.2]),
    maxDelayMs: random.pick([0, 0, 2, 20]),
  };
}

/** Splits and delays chunks without changing any byte. */
function jitter(random) {
  return { cutRate: random.pick([0, 0.01, 0.2]), maxDelayMs: random.pick([0, 2, 20]) };
}

function lineFaults(line, random, faultsOf) {
  return () => {
    line.setFaults({ toDevice: faultsOf(random), toHost: faultsOf(random) });
    return () => line.setFaults({});
  };
}

function mockStation(name, random, report) {
  const checksum = random.pick(['none', 'none', 'crc16', 'crc32']);
  // On a noisy line, only a long checksum reliably rejects changed packets.
  const isNoisy = checksum === 'crc32';
  const echoes = random.oneIn(2);
  const path = `/dev/${name}`;
  const device = new MockDevice({
    path,
    checksum,
    historyLength: 1,
    maxReadSize: random.pick([1, 64, 1_024, 4_096]),
    echo: echoes,
    onPacket: (packet) => {
      if (isEmptyByNoise(packet, checksum)) {
        station.emptyByNoise++;
      } else if (packetNumber(packet) === undefined) {
        report(`${name}: the device received a packet of ${packet.length} bytes that was never sent: ${hex(packet)}`);
      }
    },
  });
  const line = new FaultyLine(mockBinding(device), { path, seed: random.below(2 ** 32) });
  const station = new Station(name, line, {
    checksum,
    isExact: true,
    faults: {
      'line noisy': lineFaults(line, random, isNoisy ? noise : jitter),
      'device stalls': () => {
        device.stall();
        return () => device.resume();
      },
      'device unplugged': () => {
        device.unplug();
        return () => device.plug();
      },
      'device sends packets': () => {
        for (let count = random.below(20); count > 0; count--) {
          // A packet is lost if the port is closed.
          device.send(makePacket(station.nextUnsolicited++, random.below(1_500))).catch(() => {});
        }
        return () => {};
      },
      ...(isNoisy && {
        'device sends noise': () => {
          device.sendRaw(random.bytes(random.below(3_000))).catch(() => {});
          return () => {};
        },
      }),
    },
  });
  const { repair } = station;
  station.repair = () => {
    repair.call(station);
    device.resume();
    device.plug();
  };
  station.discardPartialFrame = () => {
    device.unplug();
    device.plug();
  };
  return station;
}

async function boardStation(name, random) {
  const path = `/dev/${name}`;
  const board = new SimulatedBoard({ path, image: await unoEchoImage() });
  const line = new FaultyLine(simulatedBinding(board), { path, seed: random.below(2 ** 32) });
  const station = new Station(name, line, {
    checksum: 'crc32',
    faults: {
      'line noisy': lineFaults(line, random, noise),
      'board unplugged': () => {
        board.unplug();
        return () => board.plug();
      },
    },
  });
  const { repair } = station;
  station.repair = () => {
    repair.call(station);
    board.plug();
  };
  return station;
}

/** The path is a symbolic link in a folder of its own, like the links that udev creates. */
async function ptyStation(name, random, report, isRoot) {
  const folder = mkdtempSync(path.join(tmpdir(), 'soak-'));
  const link = path.join(folder, name);
  const pty = new Pty(() => report(`${name}: the pty process exited`));
  const run = (...lines) => {
    for (const line of lines) {
      // These commands may fail: the buffer can be full, and the pty or its link can be missing.
      const mayFail = /^(write|vhangup|unlink)/.test(line);
      pty.command(line).then((reply) => {
        if (reply.startsWith('error:') && !mayFail) {
          report(`${name}: ${line}: ${reply}`);
        }
      });
    }
    return () => {};
  };
  await pty.command(`open ${link}`);
  await pty.command('echo on');
  const line = new FaultyLine(directBinding, { path: link, seed: random.below(2 ** 32) });
  const station = new Station(name, line, {
    // When the port disappears, the operating system can truncate a frame anywhere. Only a checksum detects that.
    checksum: 'crc32',
    faults: {
      'line noisy': lineFaults(line, random, noise),
      'pty hangs up': () => run(`open ${link}`, 'echo on'),
      'pty unplugged': () => {
        run('close', 'unlink');
        return () => run(`open ${link}`, 'echo on');
      },
      'pty stalls': () => {
        run('echo off');
        return () => run('echo on');
      },
      'pty sends noise': () => run(`write ${Buffer.from(random.bytes(1 + random.below(500))).toString('hex')}`),
      ...(isRoot && { 'pty hung up by the kernel': () => run('vhangup') }),
    },
    end: async () => {
      await pty.end();
      rmSync(folder, { recursive: true });
    },
  });
  return station;
}

/** Opens the given number of stations of each kind. `report` is called with each violation. */
export async function openStations({ mocks, boards, ptys }, random, report) {
  const isRoot = process.getuid?.() === 0;
  const many = (count, open) => Promise.all(Array.from({ length: count }, (_, index) => open(index)));
  return [
    ...(await many(mocks, (index) => mockStation(`mock${index}`, random, report))),
    ...(await many(boards, (index) => boardStation(`board${index}`, random))),
    ...(await many(ptys, (index) => ptyStation(`pty${index}`, random, report, isRoot))),
  ];
}
