import { ENCODINGS } from '../../input/encoders.js';
import { INPUT_KINDS } from '../../input/packet-input.js';
import { grouped, type OptionsOf, option } from '../../options/define.js';
import { ACKNOWLEDGED, ACKNOWLEDGED_OPTIONS, deliveryOption } from '../../options/delivery-options.js';
import { OUTPUT_OPTIONS, requestIdsOption } from '../../options/output-options.js';
import { PORT_OPTIONS } from '../../options/port-options.js';
import { integer, seconds, secondsOrZero } from '../../options/values.js';
import { defineCommand, portArgument } from '../command.js';

/** Where the packet comes from: exactly one of these. */
const SOURCES = ['hex', 'text', 'stdin', 'file', 'input'];

function otherThan(source: string): string[] {
  return SOURCES.filter((other) => other !== source);
}

const PACKET_OPTIONS = grouped('Packet:', {
  hex: option('--hex <bytes>', 'a packet in hex: "01 02 ff", 0x01,0x02,0xff, 01:02:ff or 0102ff', {
    excludes: otherThan('hex'),
  }),
  text: option('--text <text>', 'a packet as text, sent as UTF-8', { excludes: otherThan('text') }),
  stdin: option('--stdin', 'a packet: all of stdin', { excludes: otherThan('stdin') }),
  file: option('--file <file>', 'a packet: all of a file', { excludes: otherThan('file') }),
  input: option('--input <kind>', 'send each line of stdin as a packet, in this format', {
    choices: INPUT_KINDS,
    excludes: otherThan('input'),
  }),
  encode: option('--encode <encoding>', 'parse the input as JSON and send it in this encoding', {
    choices: ENCODINGS,
    needs: ['text', 'stdin', 'file', 'input=json'],
  }),
});

/** What to send. */
export type PacketOptions = OptionsOf<typeof PACKET_OPTIONS>;

/** `sercom send` */
export const definition = defineCommand({
  options: {
    port: portArgument(),
    ...PORT_OPTIONS,
    ...PACKET_OPTIONS,
    ...OUTPUT_OPTIONS,
    ...grouped('Output:', {
      requestIdBytes: requestIdsOption(
        'packets begin with an id of this many bytes (requestIds of the library; default: 1 with --request, otherwise none)',
      ),
    }),
    repeat: option('--repeat <times>', 'number of times to send the packet', {
      parse: integer(1),
      default: 1,
      excludes: ['input'],
    }),
    intervalSeconds: option('--interval <seconds>', 'pause between one packet and the next', {
      parse: secondsOrZero,
      default: 0,
    }),
    wantedReplies: option('--wait <replies>', 'number of replies to wait for, and print, after each packet', {
      parse: integer(0),
      default: 0,
    }),
    request: option('--request', 'send each packet as a request with an id, and print the reply with the same id', {
      excludes: ['wantedReplies'],
    }),
    ...deliveryOption(['plain', ACKNOWLEDGED]),
    ...ACKNOWLEDGED_OPTIONS,
    ...grouped('Delivery:', {
      datagram: option('--datagram', 'send the packets as datagrams: at most once, without acknowledgement', {
        needs: [`delivery=${ACKNOWLEDGED}`],
        excludes: ['request'],
      }),
    }),
    timeoutSeconds: option(
      '--timeout <seconds>',
      'how long to wait for the replies; exit code 3 if they do not arrive',
      { parse: seconds, default: 2, needs: ['wantedReplies', 'request'] },
    ),
  },
  tooManyHelp({ text, hex }) {
    if (text === undefined && hex === undefined) {
      return 'to send a packet, put --text or --hex before it';
    }
    return `put the packet into quotes if it has spaces, as in ${text === undefined ? '--hex "01 02 ff"' : '--text "hello you"'}`;
  },
  help: `Examples:
  sercom send /dev/ttyACM0 --hex "01 02 ff"
  sercom send /dev/ttyACM0 --text hello --wait 1 --settle 2000   (an Uno resets when its port opens)
  sercom send /dev/ttyACM0 --hex 07 --request                    (a device with requestIds)
  sercom send /dev/ttyACM0 --text '{"led": true}' --encode cbor
  sercom send /dev/ttyACM0 --input hex --interval 0.1 < commands.txt
  printf 'a\\tb' | sercom send /dev/ttyUSB0@9600 --stdin
  sercom send /dev/ttyACM0 --text hello --delivery acknowledged  (a device with link.h)
  sercom send sim: --text hello --wait 1`,
});

export type SendOptions = OptionsOf<(typeof definition)['options']>;
