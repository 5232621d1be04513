import { Option } from 'commander';
import { checkOptions } from '../../options/option-rules.js';
import { lineOptions } from '../../options/port-options.js';
import type { Define } from '../command.js';
import { DISSECTED, type ExtcapOptions } from './options.js';

/** `sercom extcap`, which Wireshark calls. */
export const define: Define = (command, output, exit) => {
  const extcapOptions = [
    new Option('--extcap-interfaces', 'list the ports'),
    new Option('--extcap-version [version]', 'the version of Wireshark'),
    new Option('--extcap-interface <interface>', 'the port that is meant'),
    new Option('--extcap-dlts', 'list the link types of a port'),
    new Option('--extcap-config', 'list the options of a port'),
    new Option('--extcap-capture-filter <filter>', 'capture filters are not known here'),
    new Option('--capture', 'capture'),
    new Option('--fifo <path>', 'where to write the capture'),
    new Option('--decode <name>', 'what packets hold, for the dissector')
      .choices(['bytes', ...DISSECTED])
      .default('bytes'),
    new Option('--no-skip-first', 'decode the bytes before the first delimiter, too'),
  ];
  for (const option of [...extcapOptions, ...lineOptions()]) {
    command.addOption(option);
  }
  command
    .addHelpText(
      'after',
      `
Examples:
  sercom extcap --extcap-interfaces
  sercom extcap --extcap-interface sercom-sim: --capture --fifo capture.pcapng`,
    )
    .action(async (options: ExtcapOptions) => {
      checkOptions(command);
      const { extcap } = await import('./extcap.js');
      exit(await extcap(options, output));
    });
};
