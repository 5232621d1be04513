import { describe, expect, test } from 'vitest';
import { factsOf } from '../facts.js';

export function describeUser(): void {
  describe('a user in the group dialout', () => {
    const facts = factsOf<{ times: Record<string, (number | null)[]> }>('user');

    test.each(['path', 'byId', 'device'])('connects by %s as soon as udev gives the group access', async (target) => {
      const times = (await facts()).times[target]!;
      console.log(`${target}: connected after ${times.join(', ')} ms (emulation)`);
      expect(times).toHaveLength(target === 'path' ? 3 : 2);
      expect(times).not.toContain(null);
    });
  });
}
