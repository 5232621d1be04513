import type { Run } from '../command.js';
import type { definition } from './command.js';
import { extcap } from './extcap.js';

export const run: Run<typeof definition> = extcap;
