import { AVRTimer, AVRUSART, avrInstruction, CPU, timer1Config, usart0Config } from 'avr8js';
import { describe, expect, it } from 'vitest';
import { parseIntelHex } from '../../../src/testing/avr/intel-hex.js';
import type { SimulatedChipName } from '../../../src/testing/index.js';
import { CHIPS, fixtureImage, openBoard } from '../fixtures/board.js';

const RXC = 0x80;
const TXC = 0x40;
const UDRE = 0x20;
const FE = 0x10;
const DOR = 0x08;
const CHARACTER_CYCLES = 1360;

/** Runs the probe on unmodified avr8js, with input at the full baud rate. Returns its reply without the greeting. */
function replyOfPlainAvr8js(input: string): number[] {
  const cpu = new CPU(new Uint16Array(parseIntelHex(fixtureImage('usart-probe'), 32_768).buffer), 2048);
  new AVRTimer(cpu, timer1Config);
  const usart = new AVRUSART(cpu, usart0Config, 16e6);
  const reply: number[] = [];
  usart.onByteTransmit = (byte) => reply.push(byte);
  const run = (cycles: number): void => {
    const end = cpu.cycles + cycles;
    while (cpu.cycles < end) {
      avrInstruction(cpu);
      cpu.tick();
    }
  };
  run(10 * CHARACTER_CYCLES);
  for (const byte of Buffer.from(input, 'latin1')) {
    usart.writeByte(byte);
    run(CHARACTER_CYCLES + 16);
  }
  run(100 * CHARACTER_CYCLES);
  return reply.slice(2);
}

/** Opens a board that runs the probe, and reads the greeting. */
async function openProbe(chip: SimulatedChipName) {
  const open = await openBoard('usart-probe', { chip });
  expect(await open.read(2)).toEqual(['>'.charCodeAt(0), 0x02]);
  return open;
}

/** Most of these also check the reply of plain avr8js, to show that the test can fail. */
describe.each(CHIPS)('the UART of the %s', (chip) => {
  it('keeps a received byte when UCSR0B is written', async () => {
    await using probe = await openProbe(chip);
    await probe.write('Bx');
    const [status = 0, byte] = await probe.read(2);
    expect(status & RXC).toBe(RXC);
    expect(byte).toBe('x'.charCodeAt(0));

    expect((replyOfPlainAvr8js('Bx')[0] ?? 0) & RXC).toBe(0);
  });

  it('keeps RXC0 and UDRE0 when UCSR0A is written', async () => {
    await using probe = await openProbe(chip);
    await probe.write('Ax');
    const [status = 0, byte] = await probe.read(2);
    expect(status & (RXC | TXC | UDRE)).toBe(RXC | UDRE);
    expect(byte).toBe('x'.charCodeAt(0));

    expect((replyOfPlainAvr8js('Ax')[0] ?? 0) & (RXC | UDRE)).toBe(0);
  });

  it('accepts a second byte while the first is being sent, and sets TXC0 when both are sent', async () => {
    await using probe = await openProbe(chip);
    await probe.write('2');
    const [first, second, ...status] = await probe.read(7);
    expect(String.fromCharCode(first ?? 0, second ?? 0)).toBe('ab');
    const flags = status.map((value) => value & (TXC | UDRE));
    expect(flags).toEqual([UDRE, 0, 0, UDRE, TXC | UDRE]);

    const [, , afterFirst = 0] = replyOfPlainAvr8js('2');
    expect(afterFirst & UDRE).toBe(0);
  });

  it('ignores and counts bytes written to UDR0 while the transmit buffer is full', async () => {
    await using probe = await openProbe(chip);
    await probe.write('3?');
    expect(String.fromCharCode(...(await probe.read(3)))).toBe('ab?');
    expect(probe.board.stats.bytesLost.transmitterNotReady).toBe(1);
  });

  it('sends bytes without gaps at the rate that the program has set', async () => {
    await using probe = await openProbe(chip);
    await probe.write('M');
    const reply = await probe.read(258);
    const cycles = 64 * ((reply[256] ?? 0) + 256 * (reply[257] ?? 0));
    expect(cycles).toBeGreaterThanOrEqual(256 * CHARACTER_CYCLES - 64);
    expect(cycles).toBeLessThanOrEqual(256 * CHARACTER_CYCLES + 128);
  });

  it('buffers three bytes for a program that reads late', async () => {
    await using probe = await openProbe(chip);
    await probe.write('L', 7, 'abc');
    const reply = await probe.read(6);
    expect(reply.filter((_, index) => index % 2 === 1)).toEqual([...Buffer.from('abc')]);
    expect(reply.filter((_, index) => index % 2 === 0).map((status) => status & (DOR | FE))).toEqual([0, 0, 0]);
    expect(probe.board.stats.bytesLost.overrun).toBe(0);

    expect(replyOfPlainAvr8js('L\x07abc').length).toBeLessThan(6);
  });

  it('loses the third and fourth of five unread bytes, and sets DOR with the fifth', async () => {
    await using probe = await openProbe(chip);
    await probe.write('L', 11, 'abcde');
    const reply = await probe.read(6);
    expect(reply.filter((_, index) => index % 2 === 1)).toEqual([...Buffer.from('abe')]);
    expect(reply.filter((_, index) => index % 2 === 0).map((status) => status & DOR)).toEqual([0, 0, DOR]);
    expect(probe.board.stats).toMatchObject({ bytesReceived: 7, bytesLost: { overrun: 2 } });
  });

  it('drops and counts bytes that arrive while the receiver is off', async () => {
    await using probe = await openProbe(chip);
    await probe.write('O', 7, 'abc');
    const [status = 0] = await probe.read(1);
    expect(status & RXC).toBe(0);
    expect(probe.board.stats).toMatchObject({ bytesReceived: 2, bytesLost: { receiverOff: 3 } });
    await probe.write('?');
    expect(await probe.read(1)).toEqual(['?'.charCodeAt(0)]);
  });

  it('repeats the data-register-empty interrupt, one instruction apart, until UDR0 is written', async () => {
    await using probe = await openProbe(chip);
    await probe.write('D');
    const [interrupts = 0] = await probe.read(1);
    expect(interrupts).toBeGreaterThanOrEqual(3);

    // Plain avr8js clears UDRE0 at the first interrupt, so the probe waits for it forever.
    expect(replyOfPlainAvr8js('D')).toEqual([]);
  });

  it('raises one transmit-complete interrupt at the end of a burst, which clears TXC0', async () => {
    await using probe = await openProbe(chip);
    await probe.write('C');
    expect(await probe.read(7)).toEqual([...Buffer.from('12345'), 1, 0]);

    expect(replyOfPlainAvr8js('C').at(-2)).toBe(5);
  });
});
