/** The possible numbers of bytes in a row. */
const ROW_BYTES = [16, 8, 4, 2, 1];

/** The columns of an offset and what separates it from the bytes. */
const OFFSET_COLUMNS = 10;

/**
 * Formats bytes like `hexdump -C`, but with every row: offset, groups of eight bytes in hex, ASCII. The last line is the
 * length. The result is safe to print on a terminal.
 *
 * @param columns - the number of columns that a row may have. Default: room for 16 bytes
 * @param length - the number of bytes of the packet. Default: all are given
 */
export function hexdump(bytes: Uint8Array, columns = Number.POSITIVE_INFINITY, length = bytes.length): string {
  const rowBytes = hexdumpRowBytes(columns);
  const rows: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += rowBytes) {
    const row = Array.from(bytes.subarray(offset, offset + rowBytes));
    const hex = row.map((byte, index) => `${index === 8 ? ' ' : ''}${byte.toString(16).padStart(2, '0')}`).join(' ');
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    rows.push(`${offsetText(offset)}  ${hex.padEnd(hexColumns(rowBytes))}  |${ascii}|`);
  }
  const more = bytes.length < length ? [moreBytes(length - bytes.length)] : [];
  return [...rows, ...more, offsetText(length)].join('\n');
}

/** The number of bytes in a row of a dump that has at most this many columns. */
export function hexdumpRowBytes(columns: number): number {
  return ROW_BYTES.find((each) => OFFSET_COLUMNS + hexColumns(each) + each + 4 <= columns) ?? 1;
}

/** What stands for the bytes that are not shown. */
export function moreBytes(bytes: number): string {
  return `… ${bytes} more`;
}

function hexColumns(rowBytes: number): number {
  return 3 * rowBytes - (rowBytes > 8 ? 0 : 1);
}

function offsetText(offset: number): string {
  return offset.toString(16).padStart(8, '0');
}
