/** A number with its noun: `1 packet`, `2 packets`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
