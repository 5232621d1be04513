/** A number with its noun: `1 packet`, `2 packets`, `2 replies`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
