import { InvalidArgumentError } from 'commander';
import { checkOptions, RuledOption } from '../../options/option-rules.js';
import { outputOptions } from '../../options/output-options.js';
import { lineOptions, secondsOrNone, several, wholeNumber } from '../../options/port-options.js';
import { expandProfiles } from '../../options/profiles.js';
import { FILTER_GRAMMAR } from '../../records/filter.js';
import { sinkOptions } from '../../sinks/open-sinks.js';
import { type Define, onlyPort } from '../command.js';
import type { ReplayOptions } from './replay.js';

/** `sercom replay` */
export const define: Define = (command, output, exit) => {
  command
    .argument('<file>', 'what --log or --pcapng has written; "-" is stdin')
    .argument('[port]', 'where to send the packets, written as for send; without it, they are shown');
  const replayOptions = [
    new RuledOption(
      '--speed <factor>',
      'so many times as fast as recorded, 0 at once (default: 1 with a port, else 0)',
    ).argParser(factor),
    new RuledOption('--loop [times]', 'play it so many times, or without end').argParser(times),
    new RuledOption('--dir <direction>', 'play what was received or sent (default: tx with a port, else both)').choices(
      ['rx', 'tx', 'both'],
    ),
    new RuledOption('--filter <condition>', `play only what meets it: ${FILTER_GRAMMAR}`).argParser(several),
    new RuledOption('--reject <condition>', 'leave out what meets it').argParser(several),
    new RuledOption('--linger <seconds>', 'with a port: how long to show what comes after the last packet')
      .argParser(secondsOrNone)
      .default(0.5)
      .needs(['port'], 'is for what a port sends'),
  ];
  const portOptions = lineOptions().map((option) => option.needs(['port'], 'is about a port'));
  for (const option of [...replayOptions, ...outputOptions(), ...sinkOptions(), ...portOptions]) {
    command.addOption(option);
  }
  command
    .addHelpText(
      'after',
      `
Examples:
  sercom replay bench.log
  sercom replay bench.log --filter name=arm --decode cbor --json
  sercom replay bench.log --pcapng bench.pcapng                     (a log becomes a capture)
  sercom replay bench.log /dev/ttyACM0 --speed 2 --loop
  sercom replay capture.pcapng sim: --dir rx`,
    )
    .action(async (file: string, given: string | undefined) => {
      const port = given === undefined ? undefined : onlyPort(await expandProfiles([given], command), 'replay');
      checkOptions(command);
      const { replay } = await import('./replay.js');
      exit(await replay(file, port, command.opts<ReplayOptions>(), output));
    });
};

/** What stands behind `--loop` counts as its value, even if a port was meant. */
function times(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new InvalidArgumentError('It takes a whole number, or nothing; a PORT comes before --loop.');
  }
  return wholeNumber(1, Number.MAX_SAFE_INTEGER)(text);
}

function factor(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value > 1_000_000) {
    throw new InvalidArgumentError('It takes a number from 0 to 1000000.');
  }
  return value;
}
