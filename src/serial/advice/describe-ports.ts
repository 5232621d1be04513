import type { PortInfo } from '../binding.js';
import type { SystemFacts } from './system-facts.js';

/** Number of ports that an error message lists at most. */
const LISTED_PORTS = 10;

/** Fields that can tell ports apart, the most useful ones first. A selector has all of them. */
const FIELDS = [
  'serialNumber',
  'interface',
  'portNumber',
  'locationId',
  'productId',
  'vendorId',
  'manufacturer',
  'interfaceName',
  'pnpId',
] as const satisfies readonly (keyof PortInfo)[];

type Field = (typeof FIELDS)[number];

/** The ports of this machine as error messages show them: USB devices first. */
export function describePorts(ports: readonly PortInfo[], { platform }: Pick<SystemFacts, 'platform'>): string {
  if (ports.length === 0) {
    const driver = platform === 'win32' ? '; the Device Manager shows whether its driver is missing' : '';
    return `no ports found; check that the device is plugged in and that the cable carries data${driver}`;
  }
  // A machine can have dozens of built-in ports without a connector.
  const sorted = [...ports].sort((a, b) => Number(b.vendorId !== undefined) - Number(a.vendorId !== undefined));
  const describe = (port: PortInfo) => describePort(port, ports);
  const available = sorted.filter(({ hasNode }) => hasNode !== false);
  const withoutNode = sorted.filter(({ hasNode }) => hasNode === false);
  return [
    `available: ${available.length === 0 ? 'none' : listed(available, describe)}`,
    ...(withoutNode.length === 0 ? [] : [`without a node in /dev: ${listed(withoutNode, describe)}`]),
  ].join('; ');
}

/**
 * Several ports that match a selector, each with the fields that only it has: the fewest that suffice, at most two. If
 * nothing differs, the path has to be used.
 */
export function describeDifferences(ports: readonly PortInfo[]): string {
  return listed(ports, (port) => {
    const fields = uniqueFields(port, ports);
    const how = fields.length === 0 ? 'its path' : fields.map((field) => `${field} ${port[field]}`).join(' and ');
    return `${port.path} by ${how}`;
  });
}

/** A port with what its device reports, and what distinguishes it from ports for which that is the same. */
function describePort(port: PortInfo, ports: readonly PortInfo[]): string {
  const { path, vendorId, productId, serialNumber } = port;
  const ids = [vendorId && `${vendorId}:${productId}`, serialNumber].filter(Boolean);
  if (ids.length === 0) {
    return path;
  }
  const same = ports.filter(
    (other) => other.vendorId === vendorId && other.productId === productId && other.serialNumber === serialNumber,
  );
  const differences = same.length > 1 ? uniqueFields(port, same).map((field) => `${field} ${port[field]}`) : [];
  return `${path} (${[...ids, ...differences].join(' ')})`;
}

/** The fields by which this port differs from all others: the first that suffices, or else the first two. */
function uniqueFields(port: PortInfo, ports: readonly PortInfo[]): readonly Field[] {
  const others = ports.filter((other) => other !== port);
  const known = FIELDS.filter((field) => port[field] !== undefined);
  const pairs = known.flatMap((first, index) => known.slice(index + 1).map((second) => [first, second] as const));
  const choices: readonly (readonly Field[])[] = [...known.map((field) => [field] as const), ...pairs];
  const isShared = (field: Field, other: PortInfo) => comparable(other, field) === comparable(port, field);
  return choices.find((fields) => !others.some((other) => fields.every((field) => isShared(field, other)))) ?? [];
}

/** Upper and lower case do not matter to a selector. */
function comparable(port: PortInfo, field: Field): string {
  return String(port[field]).toLowerCase();
}

function listed(ports: readonly PortInfo[], describe: (port: PortInfo) => string): string {
  const more = ports.length > LISTED_PORTS ? ` and ${ports.length - LISTED_PORTS} more` : '';
  return `${ports.slice(0, LISTED_PORTS).map(describe).join(', ')}${more}`;
}
