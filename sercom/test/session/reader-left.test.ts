import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../test/support/pty.js';
import { has } from '../../../test/support/tools.js';
import { RunningProcess, SERCOM, start } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** If it does not end, it must not outlive the test. */
const COMMAND = `timeout 25 "${process.execPath}" "${SERCOM}"`;

/** Runs a line of bash. Its stdout ends with the exit codes of all programs of the last pipe. */
function bash(line: string): RunningProcess {
  return new RunningProcess('bash', ['-c', `${line}; echo "codes \${PIPESTATUS[*]}"`]);
}

/** The port of a device that sends nothing on its own. */
async function silentDevice(): Promise<{ device: Pty; port: string }> {
  const device = new Pty();
  onTestFinished(() => device.end());
  return { device, port: await device.open() };
}

describe.skipIf(!has('python3') || !has('bash') || process.platform !== 'linux')(
  'while the device is silent, a command ends when its reader leaves (needs Linux, python3 and bash)',
  () => {
    test.each([
      ['monitor --pcapng -', 'monitor PORT --pcapng - | head -c 24 > /dev/null'],
      ['monitor', 'monitor PORT | true'],
      ['monitor --pcapng with a file that is a pipe', 'monitor PORT -q --pcapng >(:) | cat'],
      ['list --watch', 'list --watch --json | true'],
    ])('%s', async (_, line) => {
      const { port } = await silentDevice();
      const { stdout, stderr } = await bash(`${COMMAND} ${line.replace('PORT', port)}`).outcome();
      expect({ stdout, stderr }).toEqual({ stdout: 'codes 0 0\n', stderr: '' });
    });

    test('monitor whose reader leaves after the first line', async () => {
      const { device, port } = await silentDevice();
      const monitor = bash(`${COMMAND} monitor ${port} --no-skip-first --format %x | head -n 1`);
      while ((await device.read().catch(() => '')).length === 0) {
        // The port is not open yet.
      }
      await device.write(Buffer.of(2, 0x55, 0));
      expect(await monitor.outcome()).toMatchObject({ stdout: '55\ncodes 0 0\n', stderr: '' });
    });

    test('extcap', async () => {
      const { port } = await silentDevice();
      const pipe = path.join(await temporaryFolder(), 'pipe');
      execFileSync('mkfifo', [pipe]);
      const capture = start('extcap', '--extcap-interface', `sercom-${port}`, '--capture', '--fifo', pipe);
      const reader = new RunningProcess('head', ['-c', '24', pipe]);
      expect(await capture.outcome()).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect((await reader.outcome()).code).toBe(0);
    });

    test('but not if it prints nothing: it keeps recording', async () => {
      const log = path.join(await temporaryFolder(), 'log');
      const line = `${COMMAND} monitor sim: -q --log ${log} -n 2 | true`;
      expect((await bash(line).outcome()).stdout).toBe('codes 0 0\n');
      expect((await readFile(log, 'utf8')).match(/ rx#/g)).toHaveLength(2);
    });

    test('but not replay, if it only writes a file', async () => {
      const folder = await temporaryFolder();
      const [log, copy] = [path.join(folder, 'bench.log'), path.join(folder, 'copy.log')];
      await writeFile(log, '(1.000000) arm rx#01\n(2.500000) arm rx#02\n');
      const line = `${COMMAND} replay ${log} -q --speed 1 --log ${copy} | true`;
      expect((await bash(line).outcome()).stdout).toBe('codes 0 0\n');
      expect(await readFile(copy, 'utf8')).toBe(await readFile(log, 'utf8'));
    });

    test.each([
      ['a file', '> FILE'],
      ['a pipe', '| cat > FILE'],
    ])('but not while %s takes the output', async (_, target) => {
      const file = path.join(await temporaryFolder(), 'output');
      const { stdout } = await bash(`${COMMAND} monitor sim: -n 2 ${target.replace('FILE', file)}`).outcome();
      expect(stdout).toMatch(/^codes 0( 0)?\n$/);
      expect((await readFile(file, 'utf8')).match(/ rx /g)).toHaveLength(2);
    });
  },
);
