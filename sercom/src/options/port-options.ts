import { InvalidArgumentError } from 'commander';
import { RuledOption } from './option-rules.js';

const MAX_TIMER_MS = 2_147_483_647;

/** The options about ports that every command has which opens some. */
export function lineOptions(): RuledOption[] {
  return [
    new RuledOption('-b, --baud <bit/s>', 'speed of the ports that do not say it themselves by @BAUD')
      .argParser(wholeNumber(1, 4_294_967_295))
      .default(115_200),
    new RuledOption('--checksum <name>', 'what stands behind each packet')
      .choices(['none', 'crc16', 'crc32'])
      .default('none'),
    new RuledOption('--data-bits <bits>', 'data bits of a character (default: 8)').choices(['5', '6', '7', '8']),
    new RuledOption('--stop-bits <bits>', 'stop bits of a character; 1.5 on Windows only (default: 1)').choices([
      '1',
      '1.5',
      '2',
    ]),
    new RuledOption('--parity <name>', 'parity of a character; mark and space on Windows only (default: none)').choices(
      ['none', 'even', 'odd', 'mark', 'space'],
    ),
    new RuledOption('--rtscts', 'flow control by the RTS and CTS lines'),
    new RuledOption('--xon', 'obey XON and XOFF from the device'),
    new RuledOption('--xoff', 'send XON and XOFF to the device'),
    new RuledOption('--dtr <state>', 'set DTR to this right after opening').choices(['on', 'off']),
    new RuledOption('--rts <state>', 'set RTS to this right after opening').choices(['on', 'off']),
    new RuledOption('--no-hupcl', 'leave DTR as it is when the port is closed'),
    new RuledOption('--no-lock', 'let other processes open the port, too'),
    new RuledOption('--no-sync', 'do not write a delimiter after opening'),
    new RuledOption('--max-packet <bytes>', 'longest packet, each way')
      .argParser(wholeNumber(1, 16_777_216))
      .default(65_536),
    new RuledOption(
      '--settle <ms>',
      'wait after opening before the first write, for boards that reset when opened (default: 0, sim: 50)',
    ).argParser(wholeNumber(0, MAX_TIMER_MS)),
    new RuledOption('--open-timeout <ms>', 'how long opening may take (default: 5000)').argParser(
      wholeNumber(1, MAX_TIMER_MS),
    ),
    new RuledOption('--await-port', 'wait for a port that is not there yet, instead of failing').excludes(
      ['reconnect'],
      {
        why: 'needs reconnecting',
      },
    ),
    new RuledOption('--no-reconnect', 'do not open a port again that was lost'),
  ].map((option) => option.helpGroup('Ports:'));
}

/** Reads a whole number of an option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** Reads a time of an option, in seconds, with or without a fraction. */
export function seconds(text: string): number {
  const value = Number(text);
  const max = Math.floor(MAX_TIMER_MS / 1_000);
  if (!/^\d*\.?\d+$/.test(text) || value <= 0 || value > max) {
    throw new InvalidArgumentError(`It takes a number of seconds above 0, up to ${max}.`);
  }
  return value;
}

/** Gathers the values of an option that may be given several times. */
export function several(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Reads a time of an option that may be 0. */
export function secondsOrNone(text: string): number {
  return /^0*\.?0+$/.test(text) ? 0 : seconds(text);
}
