import { InvalidArgumentError } from 'commander';
import { argument, needing, type OptionsOf, option } from '../../options/define.js';
import { deliveryOption, LISTEN } from '../../options/delivery-options.js';
import { OUTPUT_OPTIONS } from '../../options/output-options.js';
import { PORT_OPTIONS } from '../../options/port-options.js';
import { RECORD_OPTIONS } from '../../options/record-options.js';
import { integer, secondsOrZero } from '../../options/values.js';
import { WEB_OPTIONS } from '../../options/web-options.js';
import { SINK_OPTIONS } from '../../sinks/index.js';
import { defineCommand, optionalPortArgument } from '../command.js';

/** `sercom replay` */
export const definition = defineCommand({
  options: {
    files: argument(
      '<file...>',
      'logs and captures (pcapng, pcap), also compressed with gzip; "-" for stdin. Several are played in the order of time',
    ),
    port: optionalPortArgument('port to send the packets to, written as for send; without it, packets are printed'),
    speed: option(
      '--speed <factor>',
      'speed factor; 2 is twice as fast, 0 does not wait (default: 1 with a port, otherwise 0)',
      { parse: factor },
    ),
    loop: option('--loop [times]', 'number of times to play the recording; without a number, forever', {
      parse: times,
    }),
    dir: option('--dir <direction>', 'play packets received or sent (default: tx with a port, otherwise both)', {
      choices: ['rx', 'tx', 'both'],
    }),
    lingerSeconds: option('--linger <seconds>', 'with a port: how long to keep receiving after the last packet', {
      parse: secondsOrZero,
      default: 0.5,
      needs: ['port'],
    }),
    ...deliveryOption(['plain', LISTEN]),
    ...RECORD_OPTIONS,
    ...OUTPUT_OPTIONS,
    ...SINK_OPTIONS,
    ...WEB_OPTIONS,
    ...needing(['port'], PORT_OPTIONS),
  },
  help: `Examples:
  sercom replay bench.log
  sercom replay bench.log --filter name=arm --decode cbor --json
  sercom replay bench.log --pcapng bench.pcapng                     (converts a log to a capture)
  sercom replay bench.log bench.log.1 bench.log.2.gz                (a rotated log)
  sercom replay bench.log --decode cbor --web --open -q             (packets and plots in a browser)
  sercom replay bench.log /dev/ttyACM0 --speed 2 --loop
  sercom replay capture.pcapng sim: --dir rx`,
});

export type ReplayOptions = OptionsOf<(typeof definition)['options']>;

/** Commander treats any word after `--loop` as its value, even a port. */
function times(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new InvalidArgumentError('Expected an integer or nothing; write FILE and PORT before --loop.');
  }
  return integer(1)(text);
}

function factor(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value > 1_000_000) {
    throw new InvalidArgumentError('Expected a number from 0 to 1000000.');
  }
  return value;
}
