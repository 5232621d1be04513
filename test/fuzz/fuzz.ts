import { expect } from 'vitest';
import type { RejectedFrame } from '../../src/index.js';
import { randomNumbers, runSeed } from '../support/random.js';

/** Gives the next whole number from 0 up to but not including `below`. */
export type Random = (below: number) => number;

/** How long each fuzz test looks for faults. */
export const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS ?? 2);

/** What a fuzz test may take: the last case may be a long one, and the machine busy. */
export const FUZZ_TIMEOUT_MS = FUZZ_SECONDS * 1_000 + 30_000;

/**
 * Runs one case after the other until the time is up, each with random numbers of its own. `TEST_SEED` of a case that
 * failed makes it the first.
 */
export async function fuzz(name: string, runCase: (random: Random) => void | Promise<void>): Promise<void> {
  const firstSeed = runSeed();
  const endAt = performance.now() + FUZZ_SECONDS * 1_000;
  let cases = 0;
  do {
    const seed = (firstSeed + cases) | 0;
    try {
      await runCase(randomNumbers(seed));
    } catch (error) {
      throw new Error(`${name}: case ${cases} failed; repeat it with TEST_SEED=${seed}\n${error}`, { cause: error });
    }
    cases++;
  } while (performance.now() < endAt);
  console.log(`${name}: ${cases} cases from TEST_SEED=${firstSeed}`);
}

/** One of them. */
export function pick<T>(random: Random, values: readonly T[]): T {
  return values[random(values.length)]!;
}

/** Cuts bytes into chunks of random lengths, short and long ones. */
export function chunksOf(random: Random, bytes: Uint8Array): Uint8Array[] {
  const longest = pick(random, [1, 3, 20, 300, 5_000, 20_000]);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random(longest);
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

/** `toEqual` for results of a decoder, much faster where they are equal. */
export function expectSameResults(
  actual: readonly (Uint8Array | RejectedFrame)[],
  expected: readonly (Uint8Array | RejectedFrame)[],
): void {
  const isSame = (one: Uint8Array | RejectedFrame, index: number) => {
    const other = expected[index]!;
    if (one instanceof Uint8Array || other instanceof Uint8Array) {
      return one instanceof Uint8Array && other instanceof Uint8Array && Buffer.compare(one, other) === 0;
    }
    return (
      one.reason === other.reason && one.wireBytes === other.wireBytes && Buffer.compare(one.head, other.head) === 0
    );
  };
  if (actual.length !== expected.length || !actual.every(isSame)) {
    expect(actual).toEqual(expected);
    expect.unreachable('toEqual must have failed');
  }
}
