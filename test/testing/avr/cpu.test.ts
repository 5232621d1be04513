import { describe, expect, it } from 'vitest';
import { CHIPS, openBoard } from '../fixtures/board.js';

describe.each(CHIPS)('SLEEP of the %s', (chip) => {
  it('executes nothing while idle, and wakes when a byte arrives', async () => {
    await using echo = await openBoard('echo-interrupt', { chip });
    await echo.write('a');
    expect(await echo.read(1)).toEqual(['a'.charCodeAt(0)]);
    const before = echo.board.stats;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await echo.write('b');
    expect(await echo.read(1)).toEqual(['b'.charCodeAt(0)]);

    const { cycles, instructions } = echo.board.stats;
    // 100 ms are 1,600,000 cycles. Receiving, sending and going back to sleep takes about 90 instructions.
    expect(cycles - before.cycles).toBeGreaterThan(1_500_000);
    expect(instructions - before.instructions).toBeLessThan(200);
  });

  it('runs no Node timer and uses no CPU time while no event is scheduled', async () => {
    await using echo = await openBoard('echo-interrupt', { chip });
    await echo.write('a');
    await echo.read(1);
    const { cycles } = echo.board.stats;
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { user, system } = process.cpuUsage(before);
    expect(echo.board.stats.cycles).toBe(cycles);
    expect((user + system) / 1000).toBeLessThan(100);
  });

  it('lets timers interrupt exactly as often as they should when time jumps', async () => {
    await using idle = await openBoard('idle-timers', { chip });
    const periods = await idle.read(3);
    expect(periods).toEqual([64, 128, 192]);
    // Three times 10,240,000 cycles, nearly all of them asleep.
    expect(idle.board.stats.cycles).toBeGreaterThan(30_000_000);
    expect(idle.board.stats.instructions).toBeLessThan(100_000);
  });

  it('ends for an interrupt that was pending before sei() and SLEEP', async () => {
    await using probe = await openBoard('usart-probe', { chip });
    await probe.write('S');
    expect(await probe.read(4)).toEqual([...Buffer.from('>\x02sw')]);
  });
});

describe.each(CHIPS)('the watchdog of the %s', (chip) => {
  it('resets the board, which then continues to receive bytes', async () => {
    await using probe = await openBoard('usart-probe', { chip, bootMs: 300 });
    await probe.read(2);
    const { cycles } = probe.board.stats;
    await probe.write('W');
    // The restarted program greets at once, without the boot loader's delay, and has read WDRF from MCUSR.
    expect(await probe.read(2)).toEqual([...Buffer.from('>\x08')]);
    expect(probe.board.stats.cycles - cycles).toBeLessThan(300 * 16_000);
    await probe.write('?');
    expect(await probe.read(1)).toEqual([...Buffer.from('?')]);
    expect(probe.board.stats.resets).toBe(2);
  });
});
