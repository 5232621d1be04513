import { grouped, type OptionsOf, option } from '../../options/define.js';
import { ACKNOWLEDGED, deliveryOption } from '../../options/delivery-options.js';
import { tcpAddress } from '../../options/listen-address.js';
import { PORT_OPTIONS } from '../../options/port-options.js';
import { byteCount, integer } from '../../options/values.js';
import { defineCommand, portArgument } from '../command.js';

/** Clients add their own checksums, so this option would have no effect. */
const { checksum: _, ...PORT } = PORT_OPTIONS;

/** `sercom serve` */
export const definition = defineCommand({
  options: {
    port: portArgument(),
    ...grouped('Clients:', {
      tcp: option(
        '--tcp <address>',
        'listen here: [HOST:]PORT (HOST: 127.0.0.1, only this machine; port 0: any free one)',
        {
          parse: tcpAddress({ host: '0.0.0.0', port: 4000 }),
        },
      ),
      unix: option('--unix <path>', 'listen on a Unix socket that only you can open'),
      rfc2217: option(
        '--rfc2217',
        'speak telnet with RFC 2217, so that the first client can set the baud rate, DTR and so on',
      ),
      bytes: option('--bytes', 'pass bytes on as they arrive, for devices that do not speak COBS'),
      readOnly: option('--read-only', 'discard what clients send'),
      maxClients: option('--max-clients <number>', 'refuse more clients than this', {
        parse: integer(1, 1_000),
        default: 16,
      }),
      clientQueueBytes: option(
        '--client-queue <bytes>',
        'how much may wait for a slow client before it loses frames or, with --bytes, is cut off',
        { parse: byteCount(1_024, 1_073_741_824), default: 1_048_576 },
      ),
    }),
    stats: option('--stats', 'show a status line (on a terminal)'),
    ...deliveryOption(['plain', ACKNOWLEDGED]),
    ...PORT,
  },
  help: `Examples:
  sercom serve /dev/ttyACM0 --tcp 4000
  sercom serve /dev/ttyACM0 --unix /run/user/1000/arm.sock
  sercom serve arm=usb:2341:0043 --tcp 0.0.0.0:4000 --read-only    (everyone can listen)
  sercom monitor tcp://localhost:4000                              (a client)
  sercom monitor unix:///run/user/1000/arm.sock                    (another one)`,
});

export type ServeOptions = OptionsOf<(typeof definition)['options']>;
