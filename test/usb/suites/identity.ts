import { describe, expect, test } from 'vitest';
import type { SerialStats } from '../../../src/index.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { factsOf } from '../facts.js';

interface Return {
  paths: [path: string, serialNumber: string][];
  stats: SerialStats;
}

export function describeIdentity(): void {
  describe('a connection to a device by identity', () => {
    const facts = factsOf<{ gadget: Return; adapter: Return; two: Record<string, unknown>; one: object }>('identity');

    test.each([
      ['gadget', 'GADGET42', '/dev/ttyACM'],
      ['adapter', 'BENCH0001', '/dev/ttyUSB'],
    ] as const)(
      'finds the %s when it returns under a different name, and under the old name again',
      async (which, serialNumber, name) => {
        const { paths, stats } = (await facts())[which];
        expect(paths).toEqual([
          [`${name}0`, serialNumber],
          [`${name}1`, serialNumber],
          [`${name}0`, serialNumber],
        ]);
        expect(stats).toMatchObject({ opens: 3, losses: 2, packetsSent: 3, packetsReceived: 3 });
        expectNothingUncounted(stats);
      },
    );

    test('distinguishes two devices of the same kind by serial number, ignoring case', async () => {
      const { two } = await facts();
      expect(two.paths).toEqual({ first: ['/dev/ttyACM0'], second: ['/dev/ttyACM1'] });
      expect(two.bySerialNumber).toEqual({ path: '/dev/ttyACM1' });
    });

    test('fails with several matches and with none, and lists the available ports', async () => {
      const { two } = await facts();
      const choice = /\/dev\/ttyACM0 by serialNumber GADGET42, \/dev\/ttyACM1 by serialNumber GADGET43$/;
      expect(two.byProduct).toEqual({ code: 'PORT_AMBIGUOUS', message: expect.stringMatching(choice) });
      const available = /\/dev\/ttyACM0 \(2341:0043 GADGET42\), \/dev\/ttyACM1 \(2341:0043 GADGET43\)/;
      expect(two.byOther).toEqual({ code: 'PORT_NOT_FOUND', message: expect.stringMatching(available) });
    });

    test('opens the only match', async () => {
      expect((await facts()).one).toEqual({ path: '/dev/ttyACM1' });
    });
  });
}
