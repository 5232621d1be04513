import type { PortInfo } from 'serial-communicator';
import { escapeJson, escapeText } from '../../text/escape.js';

const COLUMNS = [
  ['path', 'PATH'],
  ['vendorId', 'VENDOR'],
  ['productId', 'PRODUCT'],
  ['serialNumber', 'SERIAL NUMBER'],
  ['manufacturer', 'MANUFACTURER'],
] as const;

/** A table with a heading and one line per port. Unknown values are shown as `-`. */
export function portTable(ports: readonly PortInfo[]): string {
  const rows = [COLUMNS.map(([, title]) => title), ...ports.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** A JSON array with one object per port. Unknown values are `null`. */
export function portJson(ports: readonly PortInfo[]): string {
  return `${escapeJson(ports.map(entry), 2)}\n`;
}

/** What is reported about a port: it was `present` when watching began, or was `added` or `removed` later. */
export type PortChange = 'present' | 'added' | 'removed';

/** A change as one line. */
export function changeLine(change: PortChange, port: PortInfo): string {
  return `${change.padEnd('present'.length)}  ${cells(port).join('  ')}\n`;
}

/** A change as one JSON object: `change`, and the fields of {@link portJson}. */
export function changeJson(change: PortChange, port: PortInfo): string {
  return `${escapeJson({ change, ...entry(port) })}\n`;
}

function entry(port: PortInfo): Record<string, string | null> {
  return Object.fromEntries(COLUMNS.map(([key]) => [key, port[key] ?? null]));
}

function cells(port: PortInfo): string[] {
  return COLUMNS.map(([key]) => escapeText(port[key] ?? '-'));
}
