import { type OptionsOf, option } from '../../options/define.js';
import { ACKNOWLEDGED, ACKNOWLEDGED_OPTIONS, deliveryOption } from '../../options/delivery-options.js';
import { requestIdsOption } from '../../options/output-options.js';
import { PORT_OPTIONS } from '../../options/port-options.js';
import { integer, seconds, secondsOrZero } from '../../options/values.js';
import { defineCommand, portArgument } from '../command.js';
import { parseSizes } from './sizes.js';

/** `sercom ping` */
export const definition = defineCommand({
  options: {
    count: option('-n, --count <packets>', 'number of packets to send', {
      parse: integer(1, 10_000_000),
      default: 100,
    }),
    sizesBytes: option('--size <bytes>', 'packet sizes to cycle through, for example 64 or 1,16,254 or 1-32', {
      parse: parseSizes,
      default: [64],
      defaultText: '64',
    }),
    intervalSeconds: option(
      '--interval <seconds>',
      'time from one packet to the next; 0: as soon as the window allows',
      { parse: secondsOrZero, default: 0 },
    ),
    window: option('--window <packets>', 'maximum number of packets in flight', {
      parse: integer(1, 1_000),
      default: 1,
    }),
    timeoutSeconds: option('--timeout <seconds>', 'how long to wait for each echo, in addition to transmission time', {
      parse: seconds,
      default: 1,
    }),
    requestIdBytes: requestIdsOption(
      'send requests with ids of this many bytes, so that a late reply is never taken for another one',
    ),
    ...deliveryOption(['plain', ACKNOWLEDGED]),
    ...ACKNOWLEDGED_OPTIONS,
    json: option('--json', 'one JSON object: sent, received, lost, corrupted, reordered, rttMs, bytesPerSecond, …'),
    port: portArgument(),
    ...PORT_OPTIONS,
  },
  help: `Exits with 0 only if every packet came back unchanged, otherwise with 1.

Examples:
  sercom ping /dev/ttyACM0 --settle 2000        (an Uno resets when its port opens)
  sercom ping /dev/ttyACM0 -n 1000 --size 1-254
  sercom ping /dev/ttyACM0 --window 4 --json | jq .rttMs.p99
  sercom ping /dev/ttyACM0 --request-ids 1   (a device with requestIds)
  sercom ping /dev/ttyACM0 --delivery acknowledged --window 4   (a device with link.h)
  sercom ping sim: -n 20`,
});

export type PingOptions = OptionsOf<(typeof definition)['options']>;
