import type { Run } from '../command.js';
import type { definition } from './command.js';
import { monitor } from './monitor.js';

export const run: Run<typeof definition> = (options, output) => monitor(options.ports, options, output);
