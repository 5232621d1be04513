import { expect, onTestFinished, test } from 'vitest';
import { Rfc2217Device } from '../../../test/support/rfc2217-device.js';
import { run } from '../support/sercom-process.js';

test('settings that the server of a port ignores are reported', async () => {
  const device = await Rfc2217Device.listen({
    refusedOptions: [0],
    // The values of DTR and RTS.
    answer: (command, value) => (command === 5 && value[0]! > 7 ? undefined : command === 3 ? [1] : value),
  });
  onTestFinished(() => device.close());
  const options = ['--parity', 'even', '--dtr', 'off', '--hex', '01 0d ff', '--wait', '1'];
  const { code, stdout, stderr } = await run('send', `arm=${device.path}`, ...options);
  expect(stderr.split('\n').filter((line) => !line.startsWith('sercom: sent'))).toEqual([
    'sercom: "arm": the server has set parity none instead of even',
    'sercom: "arm": the server does not agree to pass on all bytes unchanged (telnet BINARY); packets may be damaged',
    'sercom: "arm": the server has not confirmed DTR off, and may have ignored it',
    'sercom: "arm": the server has not confirmed RTS on, and may have ignored it',
    '',
  ]);
  expect(stdout).toContain('01 0d ff');
  expect(code).toBe(0);
});
