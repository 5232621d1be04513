import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fixtureImage } from '../fixtures/board.js';
import { VirtualBoard } from './virtual-board.js';

/*
 * How fast acknowledged delivery is on an ATmega328P, and what a small receive ring does to it. In simulated time, so the
 * results are the same on every run. The table is in firmware/README.md: if it is no longer right, this test prints the
 * new one.
 */

const README = readFileSync(path.resolve(import.meta.dirname, '../../../firmware/README.md'), 'utf8');

const PACKETS = 100;

const image = fixtureImage('link-device');

const command = (first: string, ...rest: number[]) => Uint8Array.of(1, first.charCodeAt(0), ...rest);

function plainPacket(first: string, bytes: number, fill: number): Uint8Array {
  const packet = new Uint8Array(bytes).fill(fill);
  packet.set([0, first.charCodeAt(0)]);
  return packet;
}

const TRAFFIC: Record<string, (board: VirtualBoard, bytes: number) => () => boolean> = {
  'to the device': (board, bytes) => {
    sendAll(board, 'd', bytes);
    return () => board.delivered === PACKETS;
  },
  'to the host': (board, bytes) => {
    board.send(command('s', PACKETS >> 8, PACKETS & 0xff, bytes));
    return () => board.taken.length === 1 + PACKETS;
  },
  echo: (board, bytes) => {
    sendAll(board, 'e', bytes);
    return () => board.taken.length === PACKETS;
  },
};

function sendAll(board: VirtualBoard, first: string, bytes: number): void {
  for (let index = 0; index < PACKETS; index++) {
    board.send(plainPacket(first, bytes, index));
  }
}

function openSession(baudRate: number, ackTimeoutMs?: number): VirtualBoard {
  const board = new VirtualBoard(image, { baudRate, ...(ackTimeoutMs === undefined ? {} : { ackTimeoutMs }) });
  board.run(() => board.opener.state === 'inSession');
  // The first poll has been answered.
  board.run(() => board.nowMs > 100);
  return board;
}

interface Speed {
  /** Bytes of packets in each direction. */
  kilobytesPerSecond: number;
  /** Share of the time in which the CPU does not sleep, in percent. */
  busyPercent: number;
  /** CPU time for a packet. */
  cpuMs: number;
}

function measure(baudRate: number, bytes: number, traffic: string): Speed {
  const board = openSession(baudRate);
  const { cycles, sleptCycles } = board;
  board.run(TRAFFIC[traffic]!(board, bytes));
  const spentMs = (board.cycles - cycles) / 16_000;
  const busyMs = spentMs - (board.sleptCycles - sleptCycles) / 16_000;
  expect(board.failures).toEqual([]);
  expect(board.overruns).toBe(0);
  return {
    kilobytesPerSecond: (PACKETS * bytes) / spentMs,
    busyPercent: (100 * busyMs) / spentMs,
    cpuMs: busyMs / PACKETS,
  };
}

const cell = ({ kilobytesPerSecond, busyPercent }: Speed) =>
  `${kilobytesPerSecond.toFixed(1)} kB/s, ${busyPercent.toFixed(0)} %`;

/** What a cell of the table in the README says. */
function readCell(text: string): number[] {
  const [, kilobytesPerSecond, busyPercent] = /^([\d.]+) kB\/s, (\d+) %$/.exec(text.trim()) ?? [];
  return [Number(kilobytesPerSecond), Number(busyPercent)];
}

test('the speeds in firmware/README.md are those of the simulated board', { timeout: 120_000 }, () => {
  const rows = [115_200, 250_000, 500_000, 1_000_000].flatMap((baudRate) =>
    [16, 64].map((bytes) => ({
      name: `| ${baudRate.toLocaleString('en-US')} | ${bytes} bytes |`,
      speeds: Object.keys(TRAFFIC).map((traffic) => measure(baudRate, bytes, traffic)),
    })),
  );
  const table = rows.map(({ name, speeds }) => `${name} ${speeds.map(cell).join(' | ')} |`).join('\n');
  for (const { name, speeds } of rows) {
    const line = README.split('\n').find((text) => text.replace(/ +/g, ' ').startsWith(name)) ?? '';
    for (const [column, speed] of speeds.entries()) {
      const [kilobytesPerSecond = 0, busyPercent = 0] = readCell(line.split('|')[3 + column] ?? '');
      const isRight =
        Math.abs(kilobytesPerSecond / speed.kilobytesPerSecond - 1) < 0.05 &&
        Math.abs(busyPercent - speed.busyPercent) < 5;
      expect(isRight, `in firmware/README.md, "${line}" is no longer right; the table is now\n${table}`).toBe(true);
    }
  }
  const [, receives, sends] = /takes ([\d.]+) ms of CPU time to receive and ([\d.]+) ms to send/.exec(README) ?? [];
  // At this speed, the CPU is the limit.
  const [toDevice, toHost] = rows.at(-3)!.speeds;
  console.log(
    `CPU time for 64 bytes: ${toDevice!.cpuMs.toFixed(2)} ms to receive, ${toHost!.cpuMs.toFixed(2)} ms to send`,
  );
  expect(Math.abs(Number(receives) / toDevice!.cpuMs - 1)).toBeLessThan(0.1);
  expect(Math.abs(Number(sends) / toHost!.cpuMs - 1)).toBeLessThan(0.1);
});

/** Sends packets to a device with a small ring, whose main loop is slow. Returns how many of 20 it took in time. */
function sendToSlowLoop(ringBytes: number, loopMs: number, packetBytes: number, ackTimeoutMs = 2_500): number {
  const count = 20;
  const board = openSession(115_200, ackTimeoutMs);
  board.send(command('r', ringBytes));
  board.send(command('b', loopMs));
  board.run(() => board.taken.length === 2 && board.delivered === 2);
  for (let index = 0; index < count; index++) {
    board.send(plainPacket('d', packetBytes, index));
  }
  board.run(() => board.delivered - 2 + board.failures.length === count);
  expect(board.failures.every(({ code }) => code === 'ACK_TIMEOUT')).toBe(true);
  return board.delivered - 2;
}

test('packets whose frames fit into the receive ring get through, however slow the main loop is', {
  timeout: 120_000,
}, () => {
  // A ring of 64 bytes holds 63.
  for (const packetBytes of [24, 40, 54]) {
    for (const loopMs of [8, 20]) {
      expect([packetBytes, loopMs, sendToSlowLoop(64, loopMs, packetBytes)]).toEqual([packetBytes, loopMs, 20]);
    }
  }
  expect(sendToSlowLoop(64, 100, 54, 10_000)).toBe(20);
});

test('longer packets hardly ever get through', { timeout: 120_000 }, () => {
  for (const packetBytes of [55, 64]) {
    expect(sendToSlowLoop(64, 100, packetBytes)).toBeLessThan(3);
  }
});

test('with a larger ring, longer packets get through', { timeout: 120_000 }, () => {
  expect(sendToSlowLoop(74, 20, 64)).toBe(20);
  expect(sendToSlowLoop(255, 100, 64)).toBe(20);
});
