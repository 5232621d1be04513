import type { PortInfo } from 'serial-communicator';
import { describeInterface } from '../../ports/describe-port.js';
import { fittedCells, table } from '../../terminal/table.js';
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

/**
 * A table with a heading and one line per port. Unknown values are shown as `-`.
 *
 * @param columns - the width of the terminal
 */
export function portTable(ports: readonly PortInfo[], columns?: number): string {
  const titles = COLUMNS.map(([title]) => title);
  return table(titles, ports.map(cells), columns)
    .map((line) => `${line}\n`)
    .join('');
}

/** A JSON array with one object per port. Unknown values are `null`. */
export function portJson(ports: readonly PortInfo[]): string {
  return `${escapeJson(ports.map(entry), 2)}\n`;
}

/** What is reported about a port: it was `present` when watching began, or was `added` or `removed` later. */
export type PortChange = 'present' | 'added' | 'removed';

/** A change as one line; on a narrow terminal as several. */
export function changeLine(change: PortChange, port: PortInfo, columns?: number): string {
  const lines = fittedCells([change.padEnd('present'.length), ...cells(port)], columns);
  return `${lines.join('\n')}\n`;
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
