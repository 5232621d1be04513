import { ConnectionError, InitializeError, type SerialCommunicator, serialSettings } from 'serial-communicator';
import { expect, test } from 'vitest';
import { withFlags } from '../../src/options/port-options.js';
import { initialize } from '../../src/session/connections.js';

test('errors of opening name options instead of settings', async () => {
  const error = new ConnectionError('OPEN_TIMEOUT', 'arm', 'connection "arm": did not open; raise openTimeoutMs');
  const communicator = { initialize: () => Promise.reject(new InitializeError([error])) };
  await expect(initialize(communicator as unknown as SerialCommunicator, [])).rejects.toThrow(
    expect.objectContaining({
      errors: [
        expect.objectContaining({
          code: 'OPEN_TIMEOUT',
          connection: 'arm',
          message: 'connection "arm": did not open; raise --open-timeout',
        }),
      ],
    }),
  );
});

test.each([
  ['maxPacketBytes is 3', '--max-packet is 3'],
  ['settleMs, dataBits', '--settle, --data-bits'],
  // Settings without an option, and words that only look like settings.
  ['sendTimeoutMs toString /dev/ttyACM0 Arduino', 'sendTimeoutMs toString /dev/ttyACM0 Arduino'],
])('in %j', (message, shown) => {
  expect(Object.keys(serialSettings)).toContain('sendTimeoutMs');
  expect(withFlags(message)).toBe(shown);
});
