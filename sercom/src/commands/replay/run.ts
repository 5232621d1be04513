import type { Run } from '../command.js';
import type { definition } from './command.js';
import { replay } from './replay.js';

export const run: Run<typeof definition> = (options, output) => replay(options.file, options.port, options, output);
