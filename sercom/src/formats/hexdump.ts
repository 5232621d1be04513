const ROW_BYTES = 16;

/**
 * Formats bytes like `hexdump -C`, but with every row: offset, two groups of eight bytes in hex, ASCII. The last line is
 * the length. The result is safe to print on a terminal.
 */
export function hexdump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += ROW_BYTES) {
    const row = Array.from(bytes.subarray(offset, offset + ROW_BYTES));
    const hex = row.map((byte, index) => `${index === 8 ? ' ' : ''}${byte.toString(16).padStart(2, '0')}`).join(' ');
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    rows.push(`${offsetText(offset)}  ${hex.padEnd(48)}  |${ascii}|`);
  }
  return [...rows, offsetText(bytes.length)].join('\n');
}

function offsetText(offset: number): string {
  return offset.toString(16).padStart(8, '0');
}
