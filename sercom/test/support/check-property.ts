import fc from 'fast-check';
import { runSeed } from '../../../test/support/random.js';

/** Checks a property with the seed of this run, which a failure prints. */
export function checkProperty<Values>(property: fc.IProperty<Values>, numRuns: number): void {
  const seed = runSeed();
  try {
    fc.assert(property, { seed, numRuns });
  } catch (error) {
    throw failure(seed, error);
  }
}

/** Like {@link checkProperty}, for a property that takes its time. */
export async function checkAsyncProperty<Values>(property: fc.IAsyncProperty<Values>, numRuns: number): Promise<void> {
  const seed = runSeed();
  try {
    await fc.assert(property, { seed, numRuns });
  } catch (error) {
    throw failure(seed, error);
  }
}

function failure(seed: number, error: unknown): Error {
  return new Error(`repeat it with TEST_SEED=${seed}\n${error}`, { cause: error });
}
