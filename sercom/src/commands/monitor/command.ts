import { ENCODINGS, INPUT_KINDS } from '../../input/packet-input.js';
import { RuledOption } from '../../options/option-rules.js';
import { outputOptions } from '../../options/output-options.js';
import { seconds, several, wholeNumber } from '../../options/port-options.js';
import { FILTER_GRAMMAR } from '../../records/filter.js';
import { sinkOptions } from '../../sinks/open-sinks.js';
import { type Define, runOnPorts, takesPorts } from '../command.js';
import type { MonitorOptions } from './monitor.js';

/** `sercom monitor` */
export const define: Define = (command, output, exit) => {
  command
    .option('-n, --count <packets>', 'end after that many received packets', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--timeout <seconds>', 'end after that time; exits with 3 if not --count packets (or 1) have come', seconds)
    .option('--no-skip-first', 'decode the bytes before the first delimiter, too; they may be the tail of a frame')
    .option('--filter <conditions>', `only what meets ${FILTER_GRAMMAR}; several are joined`, several)
    .option('--reject <conditions>', 'nothing that meets these', several)
    .option('-q, --quiet', 'print no packets')
    .option('--drop', 'drop lines, and count them, rather than hold the device when stdout is slow')
    .option('--stats', 'a line of statistics on a terminal, and a summary at the end')
    .addOption(
      new RuledOption('--changes', 'one line for each kind of packet, with the bytes that changed marked')
        .excludes(['json', 'format'])
        // It names the dissector in a capture.
        .excludes(['decode'], { unless: 'pcapng' }),
    )
    .addOption(
      new RuledOption('--lead <bytes>', 'how many leading bytes make a kind')
        .argParser(wholeNumber(0, 32))
        .default(1)
        .needs(['changes'], 'says what kinds there are'),
    );
  takesPorts(command, '[port...]');
  for (const option of [...outputOptions(), ...sinkOptions(), ...sendingOptions()]) {
    command.addOption(option);
  }
  command
    .addHelpText(
      'after',
      `
Keys on a terminal: ? help, space pause, c clear, m marker, s statistics, d dump, r reset, : type a packet, q end.

Examples:
  sercom monitor /dev/ttyACM0
  sercom monitor arm=/dev/ttyACM0 leg=usb:0403:6001@9600 --checksum crc16
  sercom monitor /dev/ttyACM0 --json | jq -r .hex
  sercom monitor /dev/ttyACM0 --decode cbor --log packets.log
  sercom monitor /dev/ttyACM0 --pcapng - | wireshark -k -i -
  sercom monitor /dev/ttyACM0 --input hex < commands.txt
  sercom monitor /dev/ttyACM0 -n 1 --timeout 5 && echo alive
  sercom monitor sim:          (it is sent a packet a second, so that there is something to see)`,
    )
    .action(async (ports: string[]) => {
      const { monitor } = await import('./monitor.js');
      exit(await runOnPorts<MonitorOptions>(command, ports, (all, options) => monitor(all, options, output)));
    });
};

function sendingOptions(): RuledOption[] {
  return [
    new RuledOption('--input <kind>', 'send each line of stdin, or each that is typed after ":"; it is').choices(
      INPUT_KINDS,
    ),
    new RuledOption('--encode <encoding>', 'what JSON becomes (default: cbor)')
      .choices(ENCODINGS)
      .needs(['input=json'], 'takes JSON'),
    new RuledOption('--to <name>', 'the connection that they go to'),
  ].map((option) => option.helpGroup('Sending:'));
}
