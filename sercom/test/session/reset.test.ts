import { expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { TerminalProcess } from '../support/terminal-process.js';
import { openTestPort } from '../support/test-port.js';

test.skipIf(!has('python3') || !has('socat'))(
  'a board that cannot be reset is explained without naming calls (needs python3 and socat)',
  async () => {
    const { path, unplug } = await openTestPort();
    const monitor = new TerminalProcess(['monitor', `uno=${path}`], { columns: 300 });
    await monitor.printed(/press \? for keys/);
    monitor.type('r');
    await monitor.printed(/sercom: connection "uno" \(\S+\): this port has no control lines\r\n/);
    await unplug();
    await monitor.printed(/disconnected/);
    monitor.type('r');
    await monitor.printed(/sercom: cannot reset "uno": it is not connected; try again when it is\r\n/);
    monitor.type('q');
    expect((await monitor.outcome()).code).toBe(0);
  },
);
