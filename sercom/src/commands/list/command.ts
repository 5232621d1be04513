import { option } from '../../options/define.js';
import { defineCommand } from '../command.js';

/** `sercom list` */
export const definition = defineCommand({
  options: {
    json: option('--json', 'one JSON array of objects; with --watch, one object per line'),
    watch: option('--watch', 'keep running and print a line when a port is added or removed'),
  },
  help: `Examples:
  sercom list
  sercom list --watch
  sercom list --json | jq -r '.[] | select(.vendorId == "2341") | .path'`,
});
