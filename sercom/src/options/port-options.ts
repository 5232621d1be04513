import { grouped, type OptionsOf, option } from './define.js';
import { integer, MAX_TIMER_MS } from './values.js';

/** The options of every command that opens ports. */
export const PORT_OPTIONS = grouped('Ports:', {
  baud: option('-b, --baud <bit/s>', 'baud rate of ports given without @BAUD', {
    parse: integer(1, 4_294_967_295),
    default: 115_200,
  }),
  checksum: option('--checksum <name>', 'checksum appended to each packet', {
    choices: ['none', 'crc16', 'crc32'],
    default: 'none',
  }),
  dataBits: option('--data-bits <bits>', 'data bits of a character (default: 8)', { choices: ['5', '6', '7', '8'] }),
  stopBits: option('--stop-bits <bits>', 'stop bits of a character; 1.5 on Windows only (default: 1)', {
    choices: ['1', '1.5', '2'],
  }),
  parity: option('--parity <name>', 'parity of a character; mark and space on Windows only (default: none)', {
    choices: ['none', 'even', 'odd', 'mark', 'space'],
  }),
  rtscts: option('--rtscts', 'flow control by the RTS and CTS lines'),
  xon: option('--xon', 'honor XON/XOFF received from the device'),
  xoff: option('--xoff', 'send XON/XOFF to throttle the device'),
  dtr: option('--dtr <state>', 'set DTR to this right after opening', { choices: ['on', 'off'] }),
  rts: option('--rts <state>', 'set RTS to this right after opening', { choices: ['on', 'off'] }),
  hupcl: option('--no-hupcl', 'leave DTR unchanged when the port closes'),
  lock: option('--no-lock', 'allow other processes to open the port as well'),
  sync: option('--no-sync', 'do not write a delimiter after opening'),
  maxPacket: option('--max-packet <bytes>', 'maximum packet size in either direction', {
    parse: integer(1, 16_777_216),
    default: 65_536,
  }),
  settle: option(
    '--settle <ms>',
    'delay before the first write, for boards that reset when the port opens (default: 0; sim: 50)',
    { parse: integer(0, MAX_TIMER_MS) },
  ),
  openTimeout: option('--open-timeout <ms>', 'give up if the port takes longer than this to open (default: 5000)', {
    parse: integer(1, MAX_TIMER_MS),
  }),
  awaitPort: option('--await-port', 'if a port cannot be opened, keep trying instead of failing', {
    excludes: ['reconnect'],
  }),
  reconnect: option('--no-reconnect', 'do not reopen a port after it disconnects'),
});

export type PortOptions = OptionsOf<typeof PORT_OPTIONS>;
