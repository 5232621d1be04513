import type { PortInfo } from '../index.js';
import { escapeJson, escapeText } from './escape.js';

const COLUMNS = [
  ['path', 'PATH'],
  ['vendorId', 'VENDOR'],
  ['productId', 'PRODUCT'],
  ['serialNumber', 'SERIAL NUMBER'],
  ['manufacturer', 'MANUFACTURER'],
] as const;

/** A table with one line a port, below a line with titles. What is not known is `-`. */
export function portTable(ports: readonly PortInfo[]): string {
  const rows = [COLUMNS.map(([, title]) => title), ...ports.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** A JSON array with one object a port. What is not known is `null`. */
export function portJson(ports: readonly PortInfo[]): string {
  const entries = ports.map((port) => Object.fromEntries(COLUMNS.map(([key]) => [key, port[key] ?? null])));
  return `${escapeJson(entries, 2)}\n`;
}

function cells(port: PortInfo): string[] {
  return COLUMNS.map(([key]) => escapeText(port[key] ?? '-'));
}
