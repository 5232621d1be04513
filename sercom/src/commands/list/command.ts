import type { Define } from '../command.js';
import type { ListOptions } from './list.js';

/** `sercom list` */
export const define: Define = (command, output, exit) => {
  command
    .option('--json', 'one JSON array of objects; with --watch, one object a line')
    .option('--watch', 'then print a line for each port that comes or goes')
    .addHelpText(
      'after',
      `
Examples:
  sercom list
  sercom list --watch
  sercom list --json | jq -r '.[] | select(.vendorId == "2341") | .path'`,
    )
    .action(async (options: ListOptions) => {
      const { list } = await import('./list.js');
      exit(await list(options, output));
    });
};
