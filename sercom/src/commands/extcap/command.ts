import { DISSECTED_DECODERS } from '../../decoders/index.js';
import { type OptionsOf, option } from '../../options/define.js';
import { PORT_OPTIONS, SKIP_FIRST_OPTION } from '../../options/port-options.js';
import { defineCommand } from '../command.js';

/** No decoder: Wireshark shows bytes. */
export const BYTES = 'bytes';

/** The values of `--decode`. */
export const CAPTURE_DECODERS: readonly string[] = [BYTES, ...DISSECTED_DECODERS];

/** `sercom extcap`, run by Wireshark. */
export const definition = defineCommand({
  options: {
    extcapInterfaces: option('--extcap-interfaces', 'list the ports'),
    extcapVersion: option('--extcap-version [version]', 'the version of Wireshark'),
    extcapInterface: option('--extcap-interface <interface>', 'the port to query or capture from'),
    extcapDlts: option('--extcap-dlts', 'list the link types of a port'),
    extcapConfig: option('--extcap-config', 'list the options of a port'),
    extcapCaptureFilter: option('--extcap-capture-filter <filter>', 'not supported; use display filters'),
    capture: option('--capture', 'capture packets'),
    fifo: option('--fifo <path>', 'where to write the capture'),
    decode: option('--decode <name>', 'what packets contain, for the dissector', {
      choices: CAPTURE_DECODERS,
      default: BYTES,
    }),
    ...SKIP_FIRST_OPTION,
    ...PORT_OPTIONS,
  },
  help: `Examples:
  sercom extcap --extcap-interfaces
  sercom extcap --extcap-interface sercom-sim: --capture --fifo capture.pcapng`,
});

export type ExtcapOptions = OptionsOf<(typeof definition)['options']>;
