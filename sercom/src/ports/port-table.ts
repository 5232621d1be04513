import type { PortInfo } from 'serial-communicator';
import { escapeJson, escapeText } from '../text/escape.js';

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
  return `${escapeJson(ports.map(entry), 2)}\n`;
}

/** What became of a port: it was `present` at first, was `added` later, or `removed`. */
export type PortChange = 'present' | 'added' | 'removed';

/** One line about a port. */
export function changeLine(change: PortChange, port: PortInfo): string {
  return `${change.padEnd('removed'.length)}  ${cells(port).join('  ')}\n`;
}

/** The same as one JSON object: `change`, and what {@link portJson} has. */
export function changeJson(change: PortChange, port: PortInfo): string {
  return `${escapeJson({ change, ...entry(port) })}\n`;
}

function entry(port: PortInfo): Record<string, string | null> {
  return Object.fromEntries(COLUMNS.map(([key]) => [key, port[key] ?? null]));
}

function cells(port: PortInfo): string[] {
  return COLUMNS.map(([key]) => escapeText(port[key] ?? '-'));
}
