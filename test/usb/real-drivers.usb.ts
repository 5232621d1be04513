import { afterAll, describe } from 'vitest';
import { endMachine, needs } from './facts.js';
import { describeBaudRates } from './suites/baud-rate.js';
import { describeIdentity } from './suites/identity.js';
import { describeList } from './suites/list.js';
import { describeSercom } from './suites/sercom.js';
import { describeSignals } from './suites/signals.js';
import { describeStalls } from './suites/stall.js';
import { describeUnplugs } from './suites/unplug.js';
import { describeUser } from './suites/user.js';

afterAll(endMachine);

// One file, so that all scripts run in one machine.
describe.skipIf(needs !== '')(`a real kernel with real USB serial drivers${needs && ` (needs ${needs})`}`, () => {
  describeList();
  describeUnplugs();
  describeIdentity();
  describeStalls();
  describeUser();
  describeSercom();
  describeSignals();
  describeBaudRates();
});
