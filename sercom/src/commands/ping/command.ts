import { Option } from 'commander';
import { seconds, secondsOrNone, wholeNumber } from '../../options/port-options.js';
import { type Define, onlyPort, runOnPorts, takesPorts } from '../command.js';
import type { PingOptions } from './ping.js';
import { parseSizes } from './sizes.js';

/** `sercom ping` */
export const define: Define = (command, output, exit) => {
  command
    .option('-n, --count <packets>', 'how many to send', wholeNumber(1, 10_000_000), 100)
    .addOption(
      new Option('--size <bytes>', 'their sizes, in turns, as in 64, 1,16,254 or 1-32')
        .argParser(parseSizes)
        .default([64], '64'),
    )
    .option('--interval <seconds>', 'from one to the next; 0: as soon as there is room', secondsOrNone, 0)
    .option('--window <packets>', 'how many may be under way', wholeNumber(1, 1_000), 1)
    .option('--timeout <seconds>', 'wait so long for each, besides its time on the line', seconds, 1)
    .option('--json', 'one JSON object: sent, received, lost, corrupted, reordered, rttMs, bytesPerSecond, …');
  takesPorts(command, '[port]');
  command
    .addHelpText(
      'after',
      `
Exits with 0 only if every packet came back as it was, else with 1.

Examples:
  sercom ping /dev/ttyACM0 --settle 2000        (an Uno resets when its port opens)
  sercom ping /dev/ttyACM0 -n 1000 --size 1-254
  sercom ping /dev/ttyACM0 --window 4 --json | jq .rttMs.p99
  sercom ping sim: -n 20`,
    )
    .action(async (port: string | undefined) => {
      const { ping } = await import('./ping.js');
      const given = port === undefined ? [] : [port];
      exit(
        await runOnPorts<PingOptions>(command, given, (ports, options) =>
          ping(onlyPort(ports, 'ping'), options, output),
        ),
      );
    });
};
