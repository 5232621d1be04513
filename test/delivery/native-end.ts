import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DeviceLinkEvents } from '../../src/testing/mock/device-link.js';
import type { DeviceSettings, NewDevice } from './device-end.js';
import { type Link, LinkEnd } from './link-end.js';
import type { Scenario } from './scenario.js';

const FIRMWARE = path.resolve(import.meta.dirname, '../../firmware/src');

/** Windows and largest packets for which `link.c` is compiled. */
const SIZES = [
  [4, 4, 64],
  [1, 1, 8],
  [9, 2, 64],
  [32, 32, 300],
] as const;

/** The same scenario, with sizes for which `link.c` is compiled. */
export function withNativeSizes(scenario: Scenario): Scenario {
  const [deviceReceiveWindow, deviceSendWindow, maxPacketBytes] = SIZES[Math.abs(scenario.seed) % SIZES.length]!;
  return { ...scenario, deviceReceiveWindow, deviceSendWindow, maxPacketBytes };
}

/** `link.c`, compiled for this machine with sanitizers, in processes that are called synchronously, through named pipes. */
export class NativeDevices {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'link-'));
  readonly #processes = new Map<string, NativeProcess>();

  readonly newDevice: NewDevice = (settings, application) =>
    new LinkEnd(settings, application, (settings, events) => new NativeLink(this.#process(settings), settings, events));

  close(): void {
    for (const process of this.#processes.values()) {
      process.close();
    }
    rmSync(this.#folder, { recursive: true });
  }

  #process({ receiveWindow, sendWindow, maxPacketBytes }: DeviceSettings): NativeProcess {
    const name = `${receiveWindow}-${sendWindow}-${maxPacketBytes}`;
    let process = this.#processes.get(name);
    if (process === undefined) {
      const program = path.join(this.#folder, name);
      execFileSync('cc', [
        ...['-std=gnu99', '-Wall', '-Wextra', '-Werror', '-O1', '-g', `-I${FIRMWARE}`, '-o', program],
        ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-DLINK_BAUD_RATE=9600'],
        `-DLINK_RECEIVE_WINDOW=${receiveWindow}`,
        `-DLINK_SEND_WINDOW=${sendWindow}`,
        `-DLINK_MAX_PACKET_BYTES=${maxPacketBytes}`,
        path.join(import.meta.dirname, 'native-device.c'),
        ...['link.c', 'crc32.c'].map((file) => path.join(FIRMWARE, file)),
      ]);
      process = new NativeProcess(program);
      this.#processes.set(name, process);
    }
    return process;
  }
}

/** A running program, with synchronous calls. */
class NativeProcess {
  readonly #calls: number;
  readonly #returns: number;
  readonly #received = new Uint8Array(200_000);
  #start = 0;
  #end = 0;

  constructor(program: string) {
    const pipes = [`${program}.calls`, `${program}.returns`] as const;
    execFileSync('mkfifo', pipes);
    // Opening one end would wait for the other, unless both are open.
    const both = pipes.map((pipe) => openSync(pipe, 'r+'));
    this.#calls = openSync(pipes[0], 'w');
    this.#returns = openSync(pipes[1], 'r');
    const ends = [openSync(pipes[0], 'r'), openSync(pipes[1], 'w')] as const;
    spawn(program, { stdio: [...ends, 'inherit'] }).unref();
    // If either process ends, the other one learns it.
    for (const file of [...both, ...ends]) {
      closeSync(file);
    }
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#calls, bytes, at);
    }
  }

  /** The next message. Its bytes are valid until the next call. */
  read(): { letter: string; bytes: Uint8Array } {
    this.#require(5);
    const at = this.#start;
    const view = new DataView(this.#received.buffer, at);
    const length = view.getUint32(1, true);
    this.#require(5 + length);
    const start = this.#start + 5;
    const letter = String.fromCharCode(this.#received[this.#start]!);
    this.#start = start + length;
    return { letter, bytes: this.#received.subarray(start, this.#start) };
  }

  close(): void {
    closeSync(this.#calls);
    closeSync(this.#returns);
  }

  /** Waits for so many bytes. */
  #require(bytes: number): void {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
    while (this.#end - this.#start < bytes) {
      const got = readSync(this.#returns, this.#received, this.#end, this.#received.length - this.#end, null);
      if (got === 0) {
        throw new Error('link.c has ended');
      }
      this.#end += got;
    }
  }
}

const NO_BYTES = new Uint8Array();

class NativeLink implements Link {
  readonly #process: NativeProcess;
  readonly #events: DeviceLinkEvents;
  #call = new Uint8Array(4_000);
  #nowMs = 0;
  isInSession = false;
  waiting = 0;
  isDatagramWaiting = false;
  counts = { resent: 0, duplicates: 0, damaged: 0, dropped: 0 };
  #timeoutInMs = 0xffff;
  #timeoutAtMs = 0;

  constructor(process: NativeProcess, { startCounter }: DeviceSettings, events: DeviceLinkEvents) {
    this.#process = process;
    this.#events = events;
    this.#run('S', NO_BYTES, startCounter);
  }

  push(bytes: Uint8Array, nowMs: number): void {
    this.#passTime(nowMs);
    this.#run('P', bytes);
  }

  poll(nowMs: number): void {
    this.#passTime(nowMs);
    this.#run('L', NO_BYTES);
  }

  timeoutInMs(nowMs: number): number | undefined {
    return this.#timeoutInMs === 0xffff ? undefined : Math.max(0, this.#timeoutAtMs - Math.floor(nowMs));
  }

  send(packet: Uint8Array): boolean {
    return this.#run('K', packet).result;
  }

  sendDatagram(packet: Uint8Array): boolean {
    return this.#run('D', packet).result;
  }

  takeFrame(): Uint8Array {
    return this.#run('T', NO_BYTES).frame;
  }

  /** Lets the 16-bit clock see a long pause. */
  #passTime(nowMs: number): void {
    while (nowMs - this.#nowMs > 30_000 && this.#nowMs > 0) {
      this.#nowMs += 30_000;
      this.#run('L', NO_BYTES);
    }
    this.#nowMs = Math.floor(nowMs);
  }

  #run(letter: string, bytes: Uint8Array, count = bytes.length): { result: boolean; frame: Uint8Array } {
    const call = this.#call;
    const view = new DataView(call.buffer);
    call[0] = letter.charCodeAt(0);
    view.setUint16(1, this.#nowMs & 0xffff, true);
    view.setUint32(3, count, true);
    call.set(bytes, 7);
    this.#process.write(call.subarray(0, 7 + bytes.length));
    for (;;) {
      const message = this.#process.read();
      switch (message.letter) {
        case 'P':
          this.#process.write(Uint8Array.of(this.#events.packetArrived(message.bytes.slice()) ? 1 : 0));
          break;
        case 'D':
          this.#process.write(Uint8Array.of(this.#events.datagramArrived(message.bytes.slice()) ? 1 : 0));
          break;
        case 'B':
          this.#events.sessionBegan(message.bytes[0]!);
          break;
        default:
          return this.#returned(message.bytes);
      }
    }
  }

  #returned(bytes: Uint8Array): { result: boolean; frame: Uint8Array } {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const number = (index: number) => view.getUint16(5 + 2 * index, true);
    this.isInSession = bytes[1] !== 0;
    this.waiting = bytes[2]!;
    this.isDatagramWaiting = bytes[3] !== 0;
    this.#timeoutInMs = number(0);
    this.#timeoutAtMs = this.#nowMs + this.#timeoutInMs;
    this.counts = { resent: number(1), duplicates: number(2), damaged: number(3), dropped: number(4) };
    return { result: bytes[0] !== 0, frame: bytes.subarray(15) };
  }
}
