/** Set to 1 for the full runs. By default, they are short, so that continuous integration can afford them. */
export const IS_FULL = process.env.WEB_FULL === '1';

/** By how much the short form may miss a bar: other programs use its machine, too. */
export const SLACK = IS_FULL ? 1 : 3;

/** Frames are smooth if 99 % of them take at most this long. */
export const MAX_FRAME_MS = 100 * SLACK;

/** Prints what was measured, whether or not it is good enough. */
export function printMeasured(what: string, values: Readonly<Record<string, number>>): void {
  const texts = Object.entries(values).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  process.stdout.write(`  ${what}: ${texts.join(', ')}\n`);
}
