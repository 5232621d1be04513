import { InvalidArgumentError, Option } from 'commander';

const MAX_TIMER_MS = 2_147_483_647;

/** The options that every command has which opens ports. */
export function lineOptions(): Option[] {
  return [
    new Option('-b, --baud <bit/s>', 'speed of the ports that do not say it themselves by @BAUD')
      .argParser(wholeNumber(1, 4_294_967_295))
      .default(115_200),
    new Option('--checksum <name>', 'what stands behind each packet')
      .choices(['none', 'crc16', 'crc32'])
      .default('none'),
    new Option(
      '--settle <ms>',
      'wait after opening before the first write, for boards that reset when opened (default: 0)',
    ).argParser(wholeNumber(0, MAX_TIMER_MS)),
  ];
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
