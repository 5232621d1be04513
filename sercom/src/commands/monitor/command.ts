import { ENCODINGS } from '../../input/encoders.js';
import { INPUT_KINDS } from '../../input/packet-input.js';
import { grouped, type OptionsOf, option } from '../../options/define.js';
import { ACKNOWLEDGED, ACKNOWLEDGED_OPTIONS, deliveryOption, LISTEN } from '../../options/delivery-options.js';
import { OUTPUT_OPTIONS } from '../../options/output-options.js';
import { PORT_OPTIONS, SKIP_FIRST_OPTION } from '../../options/port-options.js';
import { RECORD_OPTIONS } from '../../options/record-options.js';
import { seconds } from '../../options/values.js';
import { ALLOW_SEND_OPTION, WEB_OPTIONS } from '../../options/web-options.js';
import { SINK_OPTIONS } from '../../sinks/index.js';
import { defineCommand, portArguments } from '../command.js';

/** `sercom monitor` */
export const definition = defineCommand({
  options: {
    ...RECORD_OPTIONS,
    timeoutSeconds: option(
      '--timeout <seconds>',
      'stop after this many seconds; exit code 3 if fewer than --count packets (default: 1) arrived',
      { parse: seconds },
    ),
    ...SKIP_FIRST_OPTION,
    ...deliveryOption(['plain', ACKNOWLEDGED, LISTEN]),
    ...ACKNOWLEDGED_OPTIONS,
    raw: option('--raw', 'show received bytes as they arrive instead of packets, to see what the device sends', {
      excludes: ['count', 'changes', 'quiet', { option: 'decode', unless: ['pcapng', 'web'] }],
    }),
    releaseFor: option(
      '--release-for <command>',
      'release the ports while this command runs, for example an uploader: at the start, and with the key u',
      { excludes: ['reconnect'] },
    ),
    drop: option('--drop', 'when stdout is slow, drop and count lines instead of pausing the device'),
    ports: portArguments(),
    ...PORT_OPTIONS,
    ...OUTPUT_OPTIONS,
    ...SINK_OPTIONS,
    ...WEB_OPTIONS,
    ...ALLOW_SEND_OPTION,
    ...grouped('Sending:', {
      input: option(
        '--input <kind>',
        'format of the packets to send, read from stdin or typed after ":", one per line',
        { choices: INPUT_KINDS },
      ),
      encode: option('--encode <encoding>', 'encoding of JSON that is sent (default: cbor)', {
        choices: ENCODINGS,
        needs: ['input=json', 'allowSend'],
      }),
      to: option('--to <name>', 'connection to send to (required if there are several)'),
    }),
  },
  help: `Keys on a terminal: ? help, space pause, c clear, m marker, s statistics, d dump, b bytes, r reset, o release
or reopen the ports, u run --release-for, : type a packet, q quit.

Examples:
  sercom monitor /dev/ttyACM0
  sercom monitor arm=/dev/ttyACM0 leg=usb:0403:6001@9600 --checksum crc16
  sercom monitor /dev/ttyACM0 --json | jq -r .hex
  sercom monitor /dev/ttyACM0 --decode cbor --log packets.log
  sercom monitor /dev/ttyACM0 --pcapng - | wireshark -k -i -
  sercom monitor /dev/ttyACM0 --decode cbor --web --open          (packets and plots in a browser)
  sercom monitor /dev/ttyACM0 --input hex < commands.txt
  sercom monitor /dev/ttyACM0 -n 1 --timeout 5 && echo alive
  sercom monitor /dev/ttyACM0 --raw          (a device that prints text)
  sercom monitor /dev/ttyACM0 --release-for 'make upload'
  sercom monitor sim:          (sends a packet per second to the simulated board, which echoes it)`,
});

export type MonitorOptions = OptionsOf<(typeof definition)['options']>;
