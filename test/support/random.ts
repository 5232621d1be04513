/**
 * Creates a generator of reproducible random integers (mulberry32, public domain).
 *
 * @param seed - 32-bit integer
 * @returns a function that returns the next integer from 0 to `below` - 1
 */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** Returns `length` random bytes. */
export function randomBytes(length: number, random: (below: number) => number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

/** The seed for this run: the environment variable `TEST_SEED`, to repeat a run, or a new one. */
export function runSeed(): number {
  const given = process.env.TEST_SEED;
  return given === undefined ? Date.now() | 0 : Number(given) | 0;
}
