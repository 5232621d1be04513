import type { PortInfo } from 'serial-communicator';
import { describe, expect, test } from 'vitest';
import { choosePort } from '../../src/ports/choose-port.js';

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

/** A user who gives these replies and then leaves, and the questions that the user was asked. */
function user(...replies: string[]) {
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return replies.shift();
  };
  return { ask, questions };
}

describe('the port to open when none is given', () => {
  test('is the only USB port, without a question', async () => {
    const { ask, questions } = user();
    expect(await choosePort([builtIn, uno], ask)).toBe('/dev/ttyACM0');
    expect(await choosePort([uno], undefined)).toBe('/dev/ttyACM0');
    expect(questions).toEqual([]);
  });

  test('is chosen by the user if there are several', async () => {
    const { ask, questions } = user('0', 'no', '2');
    expect(await choosePort([builtIn, uno, ftdi], user('2').ask)).toBe('/dev/ttyUSB0');
    expect(await choosePort([uno, ftdi], user('3').ask)).toBe('sim:');
    expect(await choosePort([uno, ftdi], user(' /dev/other ').ask)).toBe('/dev/other');
    expect(await choosePort([uno, ftdi], user('', '7', '1').ask)).toBe('/dev/ttyACM0');
    expect(await choosePort([uno, ftdi], ask)).toBe('no');
    expect(questions[0]).toBe(
      '  1  /dev/ttyACM0 (2341:0043 Arduino)\n  2  /dev/ttyUSB0 (0403:6001 A5)\n  3  sim: (a simulated Uno that echoes)\nWhich port? ',
    );
    expect(questions[1]).toBe('Enter a number from 1 to 3, or a path: ');
  });

  test('is chosen from a list in which the strings of devices are escaped', async () => {
    const { ask, questions } = user('1');
    await choosePort([uno, { ...ftdi, manufacturer: '\x1b[2J\u202e' }], ask);
    expect(questions[0]).toContain('\\x1b[2J\\u{202e}');
    expect(questions[0]).not.toMatch(/[\x1b\u202e]/);
  });

  test('is undefined if the user leaves', async () => {
    expect(await choosePort([uno, ftdi], user().ask)).toBeUndefined();
  });

  test('is not one without a node in /dev', async () => {
    const missing = { ...ftdi, hasNode: false };
    expect(await choosePort([missing, uno], undefined)).toBe('/dev/ttyACM0');
    const { ask, questions } = user('1');
    await choosePort([missing, builtIn], ask);
    expect(questions[0]).not.toContain('ttyUSB0');
    await expect(choosePort([missing, builtIn], undefined)).rejects.toMatchObject({
      exitCode: 1,
      message:
        'no node in /dev for /dev/ttyUSB0 (0403:6001 A5); if this is a container, start it with "--device /dev/ttyUSB0"',
    });
  });

  test('is chosen among the interfaces of a device by their numbers', async () => {
    const interfaces = [
      { ...uno, interface: 0 },
      { ...uno, path: '/dev/ttyACM1', interface: 2, interfaceName: 'CDC2' },
    ];
    await expect(choosePort(interfaces, undefined)).rejects.toThrow(
      'name one of: /dev/ttyACM0 (2341:0043 Arduino #0), /dev/ttyACM1 (2341:0043 Arduino #2 CDC2)',
    );
  });

  test('is an error if there is no terminal to ask on', async () => {
    await expect(choosePort([uno, ftdi], undefined)).rejects.toMatchObject({
      exitCode: 2,
      message:
        'several USB serial ports found; name one of: /dev/ttyACM0 (2341:0043 Arduino), /dev/ttyUSB0 (0403:6001 A5)',
    });
    await expect(choosePort([builtIn], undefined)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/no USB serial port found/),
    });
  });
});
