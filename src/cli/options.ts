import { InvalidArgumentError, Option } from 'commander';

const MAX_TIMER_MS = 2_147_483_647;

/** The options about ports that every command has which opens some. */
export function lineOptions(): Option[] {
  return [
    new Option('-b, --baud <bit/s>', 'speed of the ports that do not say it themselves by @BAUD')
      .argParser(wholeNumber(1, 4_294_967_295))
      .default(115_200),
    new Option('--checksum <name>', 'what stands behind each packet')
      .choices(['none', 'crc16', 'crc32'])
      .default('none'),
    new Option('--data-bits <bits>', 'data bits of a character (default: 8)').choices(['5', '6', '7', '8']),
    new Option('--stop-bits <bits>', 'stop bits of a character; 1.5 on Windows only (default: 1)').choices([
      '1',
      '1.5',
      '2',
    ]),
    new Option('--parity <name>', 'parity of a character; mark and space on Windows only (default: none)').choices([
      'none',
      'even',
      'odd',
      'mark',
      'space',
    ]),
    new Option('--rtscts', 'flow control by the RTS and CTS lines'),
    new Option('--xon', 'obey XON and XOFF from the device'),
    new Option('--xoff', 'send XON and XOFF to the device'),
    new Option('--dtr <state>', 'set DTR to this right after opening').choices(['on', 'off']),
    new Option('--rts <state>', 'set RTS to this right after opening').choices(['on', 'off']),
    new Option('--no-hupcl', 'leave DTR as it is when the port is closed'),
    new Option('--no-lock', 'let other processes open the port, too'),
    new Option('--no-sync', 'do not write a delimiter after opening'),
    new Option('--max-packet <bytes>', 'longest packet, each way')
      .argParser(wholeNumber(1, 16_777_216))
      .default(65_536),
    new Option(
      '--settle <ms>',
      'wait after opening before the first write, for boards that reset when opened (default: 0, sim: 50)',
    ).argParser(wholeNumber(0, MAX_TIMER_MS)),
    new Option('--open-timeout <ms>', 'how long opening may take (default: 5000)').argParser(
      wholeNumber(1, MAX_TIMER_MS),
    ),
    new Option('--await-port', 'wait for a port that is not there yet, instead of failing'),
    new Option('--no-reconnect', 'do not open a port again that was lost'),
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
