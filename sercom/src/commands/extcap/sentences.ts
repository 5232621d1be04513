import type { PortInfo } from 'serial-communicator';
import { CliError } from '../../cli-error.js';
import { dissectorOf } from '../../decoders/index.js';
import { ExitCode } from '../../exit-codes.js';
import { describePort, SIMULATED_DESCRIPTION } from '../../ports/describe-port.js';
import { SIMULATED_PATH } from '../../ports/simulated-boards.js';
import { LINKTYPE_UPPER_PDU, LINKTYPE_USER0 } from '../../records/captures/pcapng-blocks.js';
import { escapeText } from '../../text/escape.js';
import { version } from '../../version.js';
import { CAPTURE_DECODERS } from './command.js';

/** Begins the names of our interfaces. */
const PREFIX = 'sercom-';

/** The ports that can be captured from. */
export function interfaceSentences(ports: readonly PortInfo[]): string[] {
  const reachable = ports.filter(({ hasNode }) => hasNode !== false);
  const list = [
    ...reachable.map((port) => [port.path, describePort(port, reachable)] as const),
    [SIMULATED_PATH, SIMULATED_DESCRIPTION] as const,
  ];
  return [
    sentence('extcap', { version: version(), display: 'sercom' }),
    ...list.map(([path, label]) =>
      sentence('interface', { value: `${PREFIX}${path}`, display: `Packets (COBS) on ${label}` }),
    ),
  ];
}

/**
 * The port of an interface.
 *
 * @throws CliError (usage error)
 */
export function pathOf(interfaceName: string | undefined): string {
  if (interfaceName === undefined || !interfaceName.startsWith(PREFIX)) {
    const problem = interfaceName === undefined ? 'missing' : `invalid value "${interfaceName}"`;
    throw new CliError(
      ExitCode.usage,
      `--extcap-interface: ${problem}; expected ${PREFIX}PATH; see "sercom extcap --extcap-interfaces"`,
    );
  }
  return interfaceName.slice(PREFIX.length);
}

/** The link type of a capture. */
export function dltSentence(decoder: string): string {
  return dissectorOf(decoder) === undefined
    ? sentence('dlt', { number: LINKTYPE_USER0, name: 'USER0', display: 'Raw packets' })
    : sentence('dlt', { number: LINKTYPE_UPPER_PDU, name: 'WIRESHARK_UPPER_PDU', display: 'Packets with a dissector' });
}

/** The options that Wireshark offers in a dialog. */
export function configSentences(): string[] {
  return [
    sentence('arg', {
      number: 0,
      call: '--baud',
      display: 'Baud rate',
      type: 'unsigned',
      range: '1,4294967295',
      default: 115_200,
    }),
    sentence('arg', { number: 1, call: '--checksum', display: 'Checksum', type: 'selector', default: 'none' }),
    ...choices(1, ['none', 'crc16', 'crc32']),
    sentence('arg', { number: 2, call: '--decode', display: 'Packets contain', type: 'selector', default: 'bytes' }),
    ...choices(2, CAPTURE_DECODERS),
    sentence('arg', {
      number: 3,
      call: '--no-skip-first',
      display: 'Also decode bytes before the first delimiter',
      type: 'boolflag',
      default: 'false',
    }),
  ];
}

function choices(arg: number, values: readonly string[]): string[] {
  return values.map((value, index) => sentence('value', { arg, value, display: value, default: index === 0 }));
}

/** A sentence of the extcap protocol. A value in braces can contain neither braces nor line ends. */
function sentence(word: string, values: Readonly<Record<string, string | number | boolean>>): string {
  const parts = Object.entries(values).map(
    ([key, value]) => `{${key}=${escapeText(String(value)).replace(/[{}]/g, (brace) => (brace === '{' ? '(' : ')'))}}`,
  );
  return `${word} ${parts.join('')}`;
}
