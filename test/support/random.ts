/**
 * Reproducible random bytes: the generator mulberry32 (public domain).
 *
 * @param seed - 32 bits
 * @returns a function that gives the next number, from 0 up to but not including `below`
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

/** So many random bytes of all values. */
export function randomBytes(length: number, random: (below: number) => number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

/** A seed for this run: `TEST_SEED` from the environment, to repeat a run, or a new one. */
export function runSeed(): number {
  const given = process.env.TEST_SEED;
  return given === undefined ? Date.now() | 0 : Number(given) | 0;
}
