import type { PortInfo } from 'serial-communicator';
import { describe, expect, test } from 'vitest';
import { portChanges } from '../src/commands/list/run.js';
import { choosePort } from '../src/ports/choose-port.js';
import { similar } from '../src/text/suggest.js';

const nothing = {
  manufacturer: undefined,
  serialNumber: undefined,
  pnpId: undefined,
  locationId: undefined,
  vendorId: undefined,
  productId: undefined,
};
const builtIn: PortInfo = { ...nothing, path: '/dev/ttyS0' };
const uno: PortInfo = {
  ...nothing,
  path: '/dev/ttyACM0',
  vendorId: '2341',
  productId: '0043',
  manufacturer: 'Arduino',
};
const ftdi: PortInfo = { ...nothing, path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001', serialNumber: 'A5' };

/** A person who gives these answers, and then none; and what that person was asked. */
function person(...answers: string[]) {
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return answers.shift();
  };
  return { ask, questions };
}

describe('the port to open where none is named', () => {
  test('is the only USB port there is, and nobody is asked', async () => {
    const { ask, questions } = person();
    expect(await choosePort([builtIn, uno], ask)).toBe('/dev/ttyACM0');
    expect(await choosePort([uno], undefined)).toBe('/dev/ttyACM0');
    expect(questions).toEqual([]);
  });

  test('is asked for where there are several', async () => {
    const { ask, questions } = person('0', 'no', '2');
    expect(await choosePort([builtIn, uno, ftdi], person('2').ask)).toBe('/dev/ttyUSB0');
    expect(await choosePort([uno, ftdi], person('3').ask)).toBe('sim:');
    expect(await choosePort([uno, ftdi], person(' /dev/other ').ask)).toBe('/dev/other');
    expect(await choosePort([uno, ftdi], person('', '7', '1').ask)).toBe('/dev/ttyACM0');
    expect(await choosePort([uno, ftdi], ask)).toBe('no');
    expect(questions[0]).toBe(
      '  1  /dev/ttyACM0 (2341:0043 Arduino)\n  2  /dev/ttyUSB0 (0403:6001 A5)\n  3  sim: (a simulated Uno)\nWhich port? ',
    );
    expect(questions[1]).toBe('A number from 1 to 3, or a path: ');
  });

  test('what devices say of themselves is escaped in the question', async () => {
    const { ask, questions } = person('1');
    await choosePort([uno, { ...ftdi, manufacturer: '\x1b[2J\u202e' }], ask);
    expect(questions[0]).toContain('\\x1b[2J\\u{202e}');
    expect(questions[0]).not.toMatch(/[\x1b\u202e]/);
  });

  test('is none if the person leaves', async () => {
    expect(await choosePort([uno, ftdi], person().ask)).toBeUndefined();
  });

  test('is an error where nobody can be asked', async () => {
    await expect(choosePort([uno, ftdi], undefined)).rejects.toMatchObject({
      exitCode: 2,
      message: 'say which PORT: there are /dev/ttyACM0 (2341:0043 Arduino), /dev/ttyUSB0 (0403:6001 A5)',
    });
    await expect(choosePort([builtIn], undefined)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/no USB port/),
    });
  });
});

describe('ports that come and go', () => {
  test('are told by path and device', () => {
    expect(portChanges([uno], [uno])).toEqual([]);
    expect(portChanges([uno, builtIn], [builtIn, ftdi])).toEqual([
      { change: 'removed', port: uno },
      { change: 'added', port: ftdi },
    ]);
    const other = { ...uno, serialNumber: 'another' };
    expect(portChanges([uno], [other])).toEqual([
      { change: 'removed', port: uno },
      { change: 'added', port: other },
    ]);
  });
});

describe('what was probably meant', () => {
  test.each([
    ['/dev/ttyACM1', ['/dev/ttyS0', '/dev/ttyACM0', '/dev/ttyUSB0'], '/dev/ttyACM0'],
    ['/dev/ttyAMC0', ['/dev/ttyS0', '/dev/ttyACM0'], '/dev/ttyACM0'],
    ['bnech', ['desk', 'bench'], 'bench'],
    ['x', ['bench'], undefined],
    ['/dev/ttyACM9', ['/dev/ttyS0'], undefined],
    ['/dev/ttyUSB0', ['/dev/ttyACM0', '/dev/ttyS0'], undefined],
    ['/dev/ttyS1', ['/dev/ttyS0'], '/dev/ttyS0'],
    ['c', ['a', 'b'], undefined],
    ['ac', ['ab', 'b'], undefined],
    ['amr', ['leg', 'arm'], 'arm'],
    ['monitr', ['list', 'monitor'], 'monitor'],
    ['cuont', ['count'], 'count'],
    ['no-recconnet', ['reconnect', 'no-reconnect'], 'no-reconnect'],
    ['ports', ['list'], undefined],
    ['bench', [], undefined],
  ] as const)('%s of %j', (word, candidates, meant) => {
    expect(similar(word, candidates)).toBe(meant);
  });
});
