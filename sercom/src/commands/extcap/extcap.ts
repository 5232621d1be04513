import type { PortInfo } from 'serial-communicator';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { sessionPorts } from '../../ports/open-ports.js';
import { SIMULATED_PATH } from '../../ports/port-argument.js';
import { LINKTYPE_UPPER_PDU, LINKTYPE_USER0 } from '../../records/pcapng-blocks.js';
import { greet } from '../../session/greeting.js';
import { runSession } from '../../session/session.js';
import { openPcapng } from '../../sinks/pcapng.js';
import type { Output } from '../../terminal/output.js';
import { escapeText } from '../../text/escape.js';
import { version } from '../../version.js';
import { DISSECTED, type ExtcapOptions } from './command.js';

/** Tells our interfaces from those of others. */
const PREFIX = 'sercom-';

/** Answers one of Wireshark's questions, or captures from a port until Wireshark ends it. */
export async function extcap(options: ExtcapOptions, output: Output): Promise<ExitCode> {
  if (options.extcapInterfaces) {
    const { listPorts } = await import('serial-communicator');
    print(output, interfaces(await listPorts()));
    return ExitCode.success;
  }
  const path = pathOf(options.extcapInterface);
  if (options.extcapDlts) {
    print(output, [dlt(options)]);
  } else if (options.extcapConfig) {
    print(output, CONFIG);
  } else if (options.capture) {
    return capture(path, options, output);
  } else if (options.extcapCaptureFilter === undefined) {
    throw new CliError(ExitCode.usage, 'say what to do: --extcap-dlts, --extcap-config or --capture');
  } else if (options.extcapCaptureFilter !== '') {
    // Wireshark takes whatever is printed for what is wrong with the filter.
    void output.write('capture filters are not known here; use a display filter\n');
  }
  return ExitCode.success;
}

function print(output: Output, sentences: readonly string[]): void {
  void output.write(sentences.map((sentence) => `${sentence}\n`).join(''));
}

function interfaces(ports: readonly PortInfo[]): string[] {
  const list = [
    ...ports.map((port) => [port.path, labelOf(port)] as const),
    [SIMULATED_PATH, 'sim:, a simulated Uno that echoes'] as const,
  ];
  return [
    sentence('extcap', { version: version(), display: 'sercom' }),
    ...list.map(([path, label]) =>
      sentence('interface', { value: `${PREFIX}${path}`, display: `Packets (COBS) on ${label}` }),
    ),
  ];
}

function labelOf({ path, manufacturer, vendorId, productId }: PortInfo): string {
  const usb = vendorId === undefined ? undefined : `${vendorId}:${productId ?? '?'}`;
  const details = [manufacturer, usb].filter((detail) => detail !== undefined);
  return details.length === 0 ? path : `${path} (${details.join(', ')})`;
}

function dlt({ decode }: ExtcapOptions): string {
  return decode === 'bytes'
    ? sentence('dlt', { number: LINKTYPE_USER0, name: 'USER0', display: 'Packets as they are' })
    : sentence('dlt', { number: LINKTYPE_UPPER_PDU, name: 'WIRESHARK_UPPER_PDU', display: 'Packets with a dissector' });
}

const CONFIG: readonly string[] = [
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
  sentence('arg', { number: 2, call: '--decode', display: 'Packets hold', type: 'selector', default: 'bytes' }),
  ...choices(2, ['bytes', ...DISSECTED]),
  sentence('arg', {
    number: 3,
    call: '--no-skip-first',
    display: 'Decode what comes before the first delimiter',
    type: 'boolflag',
    default: 'false',
  }),
];

function choices(arg: number, values: readonly string[]): string[] {
  return values.map((value, index) => sentence('value', { arg, value, display: value, default: index === 0 }));
}

/** A sentence of the extcap interface. What stands in braces cannot hold braces, nor anything that ends the line. */
function sentence(word: string, values: Readonly<Record<string, string | number | boolean>>): string {
  const parts = Object.entries(values).map(
    ([key, value]) => `{${key}=${escapeText(String(value)).replace(/[{}]/g, (brace) => (brace === '{' ? '(' : ')'))}}`,
  );
  return `${word} ${parts.join('')}`;
}

function pathOf(name: string | undefined): string {
  if (name === undefined || !name.startsWith(PREFIX)) {
    throw new CliError(
      ExitCode.usage,
      `say which port is meant: --extcap-interface ${PREFIX}PATH; --extcap-interfaces lists them`,
    );
  }
  return name.slice(PREFIX.length);
}

async function capture(path: string, options: ExtcapOptions, output: Output): Promise<ExitCode> {
  if (options.fifo === undefined) {
    throw new CliError(ExitCode.usage, '--capture: say where to write, with --fifo');
  }
  const ports = sessionPorts([{ name: path, path, baudRate: options.baud }], options, options.skipFirst);
  const decoder = options.decode === 'bytes' ? undefined : options.decode;
  // Wireshark's own file, made for this.
  const sink = await openPcapng(options.fifo, { names: [path], decoder, force: true });
  try {
    return await runSession({
      ports,
      output,
      format: {
        get isFull() {
          return sink.isFull;
        },
        show: (record) => sink.write(record),
      },
      interruptedCode: ExitCode.success,
      received: (record, session) => session.show(record),
      work(session) {
        const simulated = ports.filter(({ isSimulated }) => isSimulated);
        return Promise.race([
          sink.ended.then(() => ExitCode.success),
          ...simulated.map(({ name }) => greet(name, session)),
        ]);
      },
      // No totals: Wireshark shows what is on stderr as an error.
      finished() {},
    });
  } finally {
    await sink.close();
  }
}
