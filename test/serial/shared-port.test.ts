import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import { Pty } from '../support/pty.js';
import { has } from '../support/tools.js';

interface Warning {
  code: string;
  message: string;
}

/** Keeps the warnings that the code under test emits. */
function catchWarnings(): Warning[] {
  const warnings: Warning[] = [];
  const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(((message: string, options: Warning) => {
    warnings.push({ message, code: options.code });
  }) as never);
  onTestFinished(() => emitWarning.mockRestore());
  return warnings;
}

async function openPty(): Promise<string> {
  const pty = new Pty();
  onTestFinished(() => pty.end());
  return pty.open();
}

/** Opens a port with connections of these names. */
async function openPort(path: string, lock: boolean, ...names: string[]): Promise<SerialCommunicator> {
  const serial = new SerialCommunicator();
  for (const name of names) {
    serial.addConnection(name, { path, baudRate: 9_600, lock });
  }
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return serial;
}

/** Starts another program that has the port open. Returns its process id. */
async function openElsewhere(path: string): Promise<number> {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  const other = spawn('sleep', ['1000'], { stdio: [fd, 'ignore', 'ignore'] });
  onTestFinished(() => void other.kill());
  await once(other, 'spawn');
  closeSync(fd);
  return other.pid!;
}

describe.skipIf(process.platform !== 'linux' || !has('python3'))(
  'PORT_SHARED, with directBinding on Linux (needs python3)',
  () => {
    test('is emitted if another program has the port open, once for each program', async () => {
      const warnings = catchWarnings();
      const path = await openPty();
      const pid = await openElsewhere(path);
      const serial = await openPort(path, false, 'arm');
      const warning = {
        code: 'PORT_SHARED',
        message: `${path} is open without a lock, and process ${pid} (sleep) has it open, too; each received byte goes to only one of them`,
      };
      await vi.waitFor(() => expect(warnings).toEqual([warning]), 20_000);
      await serial.shutdown();
      await openPort(path, false, 'arm');
      const other = await openPty();
      const otherPid = await openElsewhere(other);
      // Its search starts last, and so ends last.
      await openPort(other, false, 'arm');
      await vi.waitFor(() => expect(warnings).toHaveLength(2), 20_000);
      expect(warnings[1]!.message).toContain(`process ${otherPid} `);
    });

    test('is emitted if another connection of this process has the port open', async () => {
      const warnings = catchWarnings();
      const path = await openPty();
      await openPort(path, false, 'arm', 'leg');
      await vi.waitFor(
        () =>
          expect(warnings).toMatchObject([
            {
              code: 'PORT_SHARED',
              message: expect.stringContaining(', and another connection of this process has it'),
            },
          ]),
        20_000,
      );
    });

    test('is not emitted for a port that only one has open, or that is locked', async () => {
      const warnings = catchWarnings();
      const [alone, locked, shared] = [await openPty(), await openPty(), await openPty()];
      await openElsewhere(locked);
      await openElsewhere(shared);
      await openPort(alone, false, 'arm');
      await openPort(locked, true, 'arm');
      // Its search starts last, and so ends last.
      await openPort(shared, false, 'arm');
      await vi.waitFor(() => expect(warnings).toHaveLength(1), 20_000);
      expect(warnings[0]!.message).toContain(`${shared} is open`);
    });
  },
);
