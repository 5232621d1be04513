const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const SIZES = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A count with separators: `1,234,567`. */
export function count(number: number): string {
  return WHOLE.format(number);
}

/** A count with its noun: `1 packet`, `1,234 packets`. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${count(number)} ${number === 1 ? noun : plural}`;
}

/** Memory, in the units of `--web-memory`: `12.3 MiB`. */
export function memory(bytes: number): string {
  let unit = 0;
  let number = bytes;
  while (number >= 1_024 && unit < SIZES.length - 1) {
    number /= 1_024;
    unit++;
  }
  return `${unit === 0 || number >= 100 ? Math.round(number) : number.toFixed(1)} ${SIZES[unit]}`;
}

/** Packets per second: `0`, `0.5`, `12`, `1,234`. */
export function rate(perSecond: number): string {
  return perSecond === 0 || perSecond >= 10 ? count(perSecond) : perSecond.toFixed(1);
}

/** Bytes per second, as in the status line of `monitor`: `12 B/s`, `1.2 kB/s`. */
export function byteRate(perSecond: number): string {
  if (perSecond < 1_000) {
    return `${Math.round(perSecond)} B/s`;
  }
  return perSecond < 1_000_000 ? `${(perSecond / 1e3).toFixed(1)} kB/s` : `${(perSecond / 1e6).toFixed(1)} MB/s`;
}
