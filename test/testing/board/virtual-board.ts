import { Opener } from '../../../src/delivery/opener.js';
import type { DeliveryFailure } from '../../../src/delivery/outgoing-packet.js';
import { ATMEGA328P } from '../../../src/testing/avr/atmega328p.js';
import { type AvrChip, AvrModel } from '../../../src/testing/avr/avr-chip.js';
import { loadProgram } from '../../../src/testing/board/load-program.js';
import { SimulatedWire } from '../../../src/testing/board/simulated-wire.js';
import type { ChipListener } from '../../../src/testing/chip/simulated-chip.js';
import { OpenerReader } from '../../delivery/opener-reader.js';

const CLOCK_HZ = 16_000_000;
const CYCLES_PER_MS = CLOCK_HZ / 1000;
const MAX_PACKET_BYTES = 64;

/** The registers for the speed of the USART. */
const UBRR0 = 0xc4;

/**
 * A board and a host with acknowledged delivery, in simulated time only: the same on every run, and not delayed by a busy
 * machine. As over USB, bytes are passed on once in a millisecond in each direction.
 */
export class VirtualBoard {
  readonly opener: Opener;
  /** Packets that the host has taken. */
  readonly taken: Uint8Array[] = [];
  readonly failures: DeliveryFailure[] = [];
  /** Packets of the host that the device has taken. */
  delivered = 0;
  /** Cycles for which the CPU has slept. */
  sleptCycles = 0;
  readonly #chip: AvrChip;
  readonly #wire: SimulatedWire;
  readonly #reader: OpenerReader;
  readonly #toDevice: number[] = [];
  readonly #toHost: number[] = [];
  readonly #buffer = new Uint8Array(4096);
  #overruns = 0;
  #random = 1;

  constructor(image: string, { baudRate = 115_200, ackTimeoutMs = 5_000 } = {}) {
    const program = loadProgram(image, ATMEGA328P.flashBytes);
    const model = new AvrModel(ATMEGA328P, { program, clockHz: CLOCK_HZ, uart: 0, bootMs: 0 });
    const listener: ChipListener = {
      characterSent: (value) => this.#toHost.push(value),
      overrun: () => this.#overruns++,
      writeIgnored: () => {},
      packetSent: () => true,
      readyForPacket: () => {},
      packetTaken: () => {},
      pinChanged: () => {},
    };
    this.#chip = model.start({ cause: 'external', startCycles: 0, listener });
    const lost = (reason: string) => {
      throw new Error(`a byte was lost: ${reason}`);
    };
    this.#wire = new SimulatedWire(
      {
        format: () => this.#chip.end.format,
        takeOutput: () => this.#toDevice.shift(),
        idle: () => {},
        received: () => {},
        lost,
      },
      this.#chip,
    );
    this.opener = new Opener(
      {
        maxPacketBytes: MAX_PACKET_BYTES,
        receiveWindow: 32,
        ackTimeoutMs,
        keepAliveMs: 3_000,
        baudRate,
        random: () => this.#random++,
      },
      { established: () => {}, ended: () => {}, incompatible: () => {}, silent: () => {} },
    );
    this.#reader = new OpenerReader(this.opener);
    this.#runUntil(CYCLES_PER_MS);
    // The program has chosen its own speed.
    this.#chip.cpu.data[UBRR0] = Math.round(CLOCK_HZ / 8 / baudRate) - 1;
    this.opener.portOpened(this.nowMs);
  }

  get nowMs(): number {
    return this.#chip.cpu.cycles / CYCLES_PER_MS;
  }

  get cycles(): number {
    return this.#chip.cpu.cycles;
  }

  /** Bytes that the chip has received and the program has not read in time. */
  get overruns(): number {
    return this.#overruns;
  }

  send(packet: Uint8Array): void {
    const delivered = () => {
      this.delivered++;
    };
    const failed = (failure: DeliveryFailure) => {
      this.failures.push(failure);
    };
    this.opener.send(packet, { delivered, failed }, this.nowMs);
  }

  /** Runs until `isDone`, but no longer than a time. */
  run(isDone: () => boolean, maxMs = 60_000): void {
    const endMs = this.nowMs + maxMs;
    while (!isDone()) {
      if (this.nowMs > endMs) {
        throw new Error(`not done within ${maxMs} ms`);
      }
      this.#passOn();
      this.#runUntil((Math.floor(this.nowMs) + 1) * CYCLES_PER_MS);
    }
  }

  /** Passes on what has arrived in the last millisecond. */
  #passOn(): void {
    const { nowMs, opener } = this;
    this.#reader.receive(Uint8Array.from(this.#toHost.splice(0)), nowMs);
    for (let packet = opener.take(); packet !== undefined; packet = opener.take()) {
      this.taken.push(packet.slice());
    }
    opener.advance(nowMs);
    const end = opener.write(this.#buffer, 0, nowMs);
    if (end > 0) {
      this.#toDevice.push(...this.#buffer.subarray(0, end));
      this.#wire.wake(this.#chip.cpu.cycles);
    }
  }

  #runUntil(targetCycles: number): void {
    const { cpu } = this.#chip;
    while (cpu.cycles < targetCycles) {
      const { cycles, nextCycles } = cpu;
      const isAsleep = nextCycles > cycles;
      cpu.run(isAsleep ? Math.min(nextCycles, targetCycles) : cycles + 1, Number.POSITIVE_INFINITY);
      if (isAsleep) {
        this.sleptCycles += cpu.cycles - cycles;
      }
    }
  }
}
