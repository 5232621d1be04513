import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openPtyPair } from '../../../../test/support/pty-pair.js';
import { has } from '../../../../test/support/tools.js';
import { RunningProcess, run, SERCOM, start } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const execute = promisify(execFile);

/** A sentence: a word and values in braces. */
const SENTENCE = /^(extcap|interface|dlt|arg|value) (\{[a-z]+=[^{}]*\})+$/;

describe("Wireshark's queries", () => {
  test('lists the ports of this machine and the simulated one', async () => {
    const { code, stdout, stderr } = await run('extcap', '--extcap-interfaces', '--extcap-version=4.0');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^extcap \{version=\d+\.\d+\.\d+\}\{display=sercom\}$/);
    expect(lines.at(-1)).toMatch(/^interface \{value=sercom-sim:\}\{display=.+\}$/);
    expect(lines.filter((line) => !SENTENCE.test(line))).toEqual([]);
    const paths = (JSON.parse((await run('list', '--json')).stdout) as { path: string }[]).map(({ path }) => path);
    const listed = lines.map((line) => /\{value=sercom-([^}]*)\}/.exec(line)?.[1]).filter((each) => each !== undefined);
    expect(listed.sort()).toEqual([...paths, 'sim:'].sort());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each([
    [[], 'dlt {number=147}{name=USER0}{display=Raw packets}\n'],
    [['--decode', 'cbor'], 'dlt {number=252}{name=WIRESHARK_UPPER_PDU}{display=Packets with a dissector}\n'],
  ])('names the link type of %j', async (options, stdout) => {
    expect(await run('extcap', '--extcap-interface', 'sercom-sim:', '--extcap-dlts', ...options)).toMatchObject({
      code: 0,
      stdout,
    });
  });

  test('lists options, each of which the command has', async () => {
    const { stdout } = await run('extcap', '--extcap-interface', 'sercom-sim:', '--extcap-config');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.filter((line) => !SENTENCE.test(line))).toEqual([]);
    const { stdout: help } = await run('extcap', '--help');
    const calls = lines.map((line) => /\{call=([^}]*)\}/.exec(line)?.[1]).filter((call) => call !== undefined);
    expect(calls).toContain('--baud');
    expect(calls.filter((call) => !help.includes(call))).toEqual([]);
  });

  test('rejects every capture filter', async () => {
    const ask = (filter: string) =>
      run('extcap', '--extcap-interface', 'sercom-sim:', '--extcap-capture-filter', filter);
    expect(await ask('')).toMatchObject({ code: 0, stdout: '' });
    expect(await ask('tcp')).toMatchObject({ code: 0, stdout: expect.stringMatching(/display filter/) });
  });

  test.each([
    [[], /^sercom: --extcap-interface: .*; expected sercom-PATH; see /],
    [['--extcap-interface', 'eth0', '--extcap-dlts'], /^sercom: --extcap-interface: .*; expected sercom-PATH; see /],
    [['--extcap-interface', 'sercom-sim:'], /nothing to do; use --extcap-dlts/],
    [['--extcap-interface', 'sercom-sim:', '--capture'], /--fifo/],
  ])('%j is a usage error', async (commandLine, message) => {
    const { code, stderr } = await run('extcap', ...commandLine);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test('reports a missing port', async () => {
    const fifo = path.join(await temporaryFolder(), 'capture.pcapng');
    const commandLine = ['--extcap-interface', 'sercom-/dev/nowhere', '--capture', '--fifo', fifo];
    expect(await run('extcap', ...commandLine)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/\/dev\/nowhere.*no such port/),
    });
  });
});

describe.skipIf(!has('tshark'))('tshark with the extcap of sercom (needs tshark)', () => {
  /**
   * Runs tshark with sercom among its extcaps. It uses the folder of extcaps in the environment only if it is not run by
   * root.
   */
  async function tshark(...commandLine: string[]): Promise<string> {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, 'extcap'));
    const script = path.join(folder, 'extcap/sercom');
    const node = await realpath(process.execPath);
    await writeFile(script, `#!/bin/sh\nexec "${node}" "${SERCOM}" extcap "$@"\n`);
    await chmod(script, 0o755);
    await chmod(folder, 0o777);
    const isRoot = process.getuid?.() === 0;
    const { stdout } = await execute('tshark', commandLine, {
      env: { ...process.env, HOME: folder, WIRESHARK_EXTCAP_DIR: path.join(folder, 'extcap') },
      ...(isRoot && { uid: 65_534, gid: 65_534 }),
    });
    return stdout;
  }

  const isReadable =
    process.getuid?.() !== 0 ||
    spawnSync(process.execPath, [SERCOM, '--version'], { uid: 65_534, gid: 65_534 }).status === 0;

  test.skipIf(!isReadable)('lists our ports (needs a checkout that others may read, for root)', async () => {
    expect(await tshark('-D')).toMatch(/sercom-sim: \(Packets \(COBS\) on sim: \(a simulated Uno that echoes\)\)/);
  });

  test.skipIf(!isReadable)('captures from a port (needs a checkout that others may read, for root)', async () => {
    const from = Date.now() / 1_000 - 1;
    const fields = ['frame.time_epoch', 'frame.interface_name', 'frame.packet_flags_direction', 'data.data'];
    const stdout = await tshark(
      '-i',
      'sercom-sim:',
      '-c',
      '8',
      '-T',
      'fields',
      ...fields.flatMap((field) => ['-e', field]),
    );
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    // A busy machine may simulate the board so slowly that an echo comes after the next packet.
    const sent = rows.filter(([, , direction]) => direction === '0x00000002');
    const received = rows.filter(([, , direction]) => direction === '0x00000001');
    const hello = (number: number) => Buffer.from(`hello ${number}`).toString('hex');
    expect(sent.map(([, ...row]) => row)).toEqual(sent.map((_, index) => ['sim:', '0x00000002', hello(index + 1)]));
    expect(received.map(([, , , data]) => data)).toEqual(received.map((_, index) => hello(index + 1)));
    expect(received.length).toBeGreaterThan(0);
    expect(sent.length + received.length).toBe(8);
    for (const [time] of rows) {
      expect(Number(time)).toBeGreaterThan(from);
      expect(Number(time)).toBeLessThan(Date.now() / 1_000 + 1);
    }
  });

  test.skipIf(!isReadable)('passes options on (needs a checkout that others may read, for root)', async () => {
    const preference = ['-o', 'extcap.sercom_sim_.decode:text'];
    const fields = ['-T', 'fields', '-e', 'frame.protocols'];
    expect(await tshark('-i', 'sercom-sim:', '-c', '2', ...preference, ...fields)).toBe(
      'exported_pdu:data-text-lines\n'.repeat(2),
    );
  });

  test.skipIf(!has('socat'))('shows the decoded CBOR of a device, and rejected frames (needs socat)', async () => {
    const pair = await openPtyPair();
    onTestFinished(() => pair.close());
    const folder = await temporaryFolder();
    const fifo = path.join(folder, 'fifo');
    await execute('mkfifo', [fifo]);
    const capture = start(
      'extcap',
      '--extcap-interface',
      `sercom-${pair.hostPath}`,
      '--capture',
      '--fifo',
      fifo,
      '--decode',
      'cbor',
    );
    const reader = new RunningProcess('tshark', ['-l', '-r', fifo, '-O', 'frame,cbor']);
    // A delimiter arrives when the port is open.
    await execute('head', ['-c', '1', pair.devicePath]);
    // Bytes that are skipped, {"temp": 21.5}, and a frame that ends inside a block.
    await writeFile(pair.devicePath, Buffer.from('0202000aa16474656d70f94d600005010200', 'hex'));
    await reader.printed(/Symbol error: Set/);
    capture.child.kill('SIGTERM');
    expect(await capture.outcome()).toMatchObject({ code: 143, signal: null, stderr: '' });
    const { stdout } = await reader.outcome();
    const [packet, frame] = stdout.split(/^Frame 2/m) as [string, string];
    expect(packet).toMatch(/CRC error: Not set[\s\S]*Text String: temp[\s\S]*Float: 21\.5/);
    expect(frame).toMatch(/CRC error: Set[\s\S]*Symbol error: Set/);
    expect(frame).not.toMatch(/Concise Binary/);
  });
});
