/** Digits of a value that a reader can use; a double has up to 17. */
const SIGNIFICANT = 6;

/** From here on, the powers of ten are written as such. */
const LARGE = 1e12;
const SMALL = 1e-5;

/** A value for tables and labels: integers in full, others with at most six digits. */
export function valueText(value: number, significant = SIGNIFICANT): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && size < LARGE) return minus(String(value));
  if (size >= LARGE || size < SMALL) return shortPower(value.toExponential(significant - 1));
  return minus(String(Number(value.toPrecision(significant))));
}

/** Values on an axis that has one every `step`: all with the digits that tell them apart. */
export function tickText(value: number, step: number): string {
  const size = Math.abs(value);
  if (size < step / 1e6) return '0';
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (size < LARGE && decimals <= 6) return minus(value.toFixed(decimals));
  const digits = Math.max(0, Math.min(15, Math.floor(Math.log10(size)) - Math.floor(Math.log10(step) + 1e-9)));
  return shortPower(value.toExponential(digits));
}

/**
 * Where an axis from `min` to `max` has its marks: multiples of 1, 2 or 5 times a power of ten, at most `most` of them.
 */
export function valueTicks(
  min: number,
  max: number,
  most: number,
): { readonly step: number; readonly at: readonly number[] } {
  const rough = (max - min) / Math.max(1, most);
  const power = Math.floor(Math.log10(rough));
  const lead = [1, 2, 5, 10].find((candidate) => Number(`${candidate}e${power}`) >= rough) ?? 10;
  const step = Number(`${lead}e${power}`);
  const at: number[] = [];
  if (!(step > 0) || !Number.isFinite(step)) return { step: 1, at };
  const first = Math.ceil(min / step);
  for (let index = 0; index <= most; index++) {
    const tick = (first + index) * step;
    if (tick > max) break;
    at.push(tick);
  }
  return { step, at };
}

/** `1.500000e+20` as `1.5e20`. */
function shortPower(text: string): string {
  return minus(text.replace(/\.?0+e/, 'e').replace('e+', 'e'));
}

/** The minus sign is as wide as a digit, so that columns line up. */
function minus(text: string): string {
  return text.replaceAll('-', '−');
}
