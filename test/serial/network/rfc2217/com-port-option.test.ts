import { describe, expect, test } from 'vitest';
import {
  COM_PORT,
  type ComPortCommand,
  type ComPortMessage,
  decodeComPort,
  encodeComPort,
  TelnetDecoder,
} from '../../../../src/index.js';

function decode(bytes: Uint8Array): (ComPortMessage | undefined)[] {
  const messages: (ComPortMessage | undefined)[] = [];
  const decoder = new TelnetDecoder({
    data: (data) => expect.fail(`data: ${data}`),
    negotiation: (verb) => expect.fail(verb),
    subnegotiation(option, value) {
      expect(option).toBe(44);
      messages.push(decodeComPort(value));
    },
  });
  decoder.push(bytes);
  return messages;
}

describe('commands of RFC 2217', () => {
  // As ser2net 4 and pyserial 3.5 send them.
  test.each<[ComPortCommand, number | string, boolean, string]>([
    ['baudRate', 115_200, false, 'fffa2c010001c200fff0'],
    ['baudRate', 0xffff_ffff, true, 'fffa2c65fffffffffffffffffff0'],
    ['dataBits', 8, false, 'fffa2c0208fff0'],
    ['parity', COM_PORT.parity.even, true, 'fffa2c6703fff0'],
    ['stopBits', COM_PORT.stopBits[1.5], false, 'fffa2c0403fff0'],
    ['control', COM_PORT.control.dtrOff, false, 'fffa2c0509fff0'],
    ['modemState', 0xff, true, 'fffa2c6bfffffff0'],
    ['modemStateMask', 0xff, false, 'fffa2c0bfffffff0'],
    ['suspend', 0, true, 'fffa2c6cfff0'],
    ['resume', 0, true, 'fffa2c6dfff0'],
    ['purge', COM_PORT.purge.both, false, 'fffa2c0c03fff0'],
    ['signature', 0, false, 'fffa2c00fff0'],
    ['signature', 'ser2net', true, 'fffa2c64736572326e6574fff0'],
  ])('%s %s, from a server: %s', (command, value, isFromServer, hex) => {
    const bytes = encodeComPort(command, value, { isFromServer });
    expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    const expected = typeof value === 'string' ? { value: 0, text: value } : { value, text: '' };
    expect(decode(bytes)).toEqual([{ command, isFromServer, ...expected }]);
  });

  test.each([
    ['an unknown command', [13, 0]],
    ['an unknown command of a server', [113, 0]],
    ['a baud rate of three bytes', [101, 0, 1, 194]],
    ['a setting without a value', [102]],
    ['nothing', []],
  ])('decodes %s as undefined', (_what, bytes) => {
    expect(decodeComPort(Uint8Array.from(bytes))).toBeUndefined();
  });
});
