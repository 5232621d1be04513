import path from 'node:path';
import { expect, test } from 'vitest';
import { RunningProcess } from '../sercom/test/support/sercom-process.js';

function example(name: string): RunningProcess {
  return new RunningProcess(process.execPath, [path.resolve(import.meta.dirname, '../examples', name)]);
}

test('examples/demo.mjs prints echoes from the simulated board and exits with 0', async () => {
  const { code, stdout, stderr } = await example('demo.mjs').outcome();
  for (const number of [1, 2, 3]) {
    expect(stdout).toMatch(new RegExp(`tx .*"hello ${number}"\\n.*rx .*"hello ${number}"`));
  }
  expect(stdout).toContain('"dir":"rx","length":7,"hex":"68656c6c6f2031"');
  expect(stdout).toContain('"\\x00\\x01\\xfe\\xff\\x1b[2J"');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('examples/echo.mjs receives the echo of each packet', async () => {
  expect(await example('echo.mjs').outcome()).toEqual({
    code: 0,
    signal: null,
    stdout: 'one -> one\ntwo -> two\nthree -> three\n',
    stderr: '',
  });
});

test('examples/gripper.mjs closes the gripper until the sensor reads 5 N', async () => {
  const { code, stdout, stderr } = await example('gripper.mjs').outcome();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [opened, closing, ...lines] = stdout.trimEnd().split('\n');
  expect([opened, closing]).toEqual(['open: 50 mm', 'closing']);
  const held = lines.pop();
  // The gripper closes a little further before it gets the command to stop.
  expect(held).toMatch(/^holds something 3\d mm wide$/);
  const readings = lines.map((line) => Number(/^(\d+\.\d) N$/.exec(line)?.[1]));
  expect(readings).toEqual(readings.toSorted((a, b) => a - b));
  expect(readings.slice(0, -1).filter((newtons) => newtons >= 5)).toEqual([]);
  expect(readings.at(-1)).toBeGreaterThanOrEqual(5);
});
