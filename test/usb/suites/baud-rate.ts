import { describe, expect, test } from 'vitest';
import { factsOf } from '../facts.js';

export function describeBaudRates(): void {
  describe('baud rates', () => {
    const facts = factsOf<{ opened: Record<string, string | number> }>('baud-rate');

    test('one that a 16550A reaches is reported', async () => {
      expect((await facts()).opened).toMatchObject({ 9600: 9_600, 115200: 115_200 });
    });

    test('one that it does not reach fails with BAUD_RATE_UNSUPPORTED', async () => {
      expect((await facts()).opened[250_000]).toMatch(
        /^BAUD_RATE_UNSUPPORTED .*cannot do 250000 bit\/s, and has set \d+ bit\/s/,
      );
    });
  });
}
