import type { PortInfo } from 'serial-communicator';
import { describeInterface } from '../../ports/describe-port.js';
import { escapeJson, escapeText } from '../../text/escape.js';

/** A column: its title, and what it shows of a port. */
const COLUMNS: readonly (readonly [string, (port: PortInfo) => string | undefined])[] = [
  ['PATH', ({ path }) => path],
  ['VENDOR', ({ vendorId }) => vendorId],
  ['PRODUCT', ({ productId }) => productId],
  ['SERIAL NUMBER', ({ serialNumber }) => serialNumber],
  ['LOCATION', ({ locationId }) => locationId],
  ['MANUFACTURER', ({ manufacturer }) => manufacturer],
  ['INTERFACE', describeInterface],
];

/** The fields of a port in JSON. */
const FIELDS = [
  'path',
  'vendorId',
  'productId',
  'serialNumber',
  'manufacturer',
  'locationId',
  'interface',
  'interfaceName',
  'portNumber',
  'hasNode',
] as const satisfies readonly (keyof PortInfo)[];

/** A table with a heading and one line per port. Unknown values are shown as `-`. */
export function portTable(ports: readonly PortInfo[]): string {
  const rows = [COLUMNS.map(([title]) => title), ...ports.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
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

function entry(port: PortInfo): Record<string, string | number | boolean | null> {
  return Object.fromEntries(FIELDS.map((field) => [field, port[field] ?? null]));
}

/** The columns of a port, and a note if it cannot be opened. */
function cells(port: PortInfo): string[] {
  const values = COLUMNS.map(([, valueIn]) => escapeText(valueIn(port) ?? '-'));
  return port.hasNode === false ? [...values, '(no node in /dev)'] : values;
}
