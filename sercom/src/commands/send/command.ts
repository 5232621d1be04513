import { ENCODINGS, INPUT_KINDS } from '../../input/packet-input.js';
import { RuledOption } from '../../options/option-rules.js';
import { outputOptions } from '../../options/output-options.js';
import { seconds, secondsOrNone, wholeNumber } from '../../options/port-options.js';
import { type Define, onlyPort, runOnPorts, takesPorts } from '../command.js';
import type { SendOptions } from './send.js';

const SOURCES = ['hex', 'text', 'stdin', 'file', 'input'];

/** `sercom send` */
export const define: Define = (command, output, exit) => {
  takesPorts(command, '[port]');
  const sources = [
    new RuledOption('--hex <bytes>', 'a packet in hex: "01 02 ff", 01:02:ff or 0102ff'),
    new RuledOption('--text <text>', 'a packet as text, sent as UTF-8'),
    new RuledOption('--stdin', 'a packet: all of stdin'),
    new RuledOption('--file <file>', 'a packet: all of a file'),
    new RuledOption('--input <kind>', 'each line of stdin is a packet').choices(INPUT_KINDS),
  ];
  for (const option of sources) {
    command.addOption(
      option.excludes(SOURCES.filter((source) => source !== option.attributeName())).helpGroup('Packet:'),
    );
  }
  command.addOption(
    new RuledOption('--encode <encoding>', 'text, stdin or file hold JSON, which becomes this')
      .choices(ENCODINGS)
      .needs(['text', 'stdin', 'file', 'input=json'], 'takes JSON')
      .helpGroup('Packet:'),
  );
  for (const option of outputOptions()) {
    command.addOption(option);
  }
  command
    .addOption(
      new RuledOption('--repeat <times>', 'send it that often')
        .argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER))
        .default(1)
        .excludes(['input'], { why: 'cannot send what comes from stdin line by line' }),
    )
    .option('--interval <seconds>', 'wait between one packet and the next', secondsOrNone, 0)
    .option(
      '--wait <answers>',
      'print that many packets that come after each',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
      0,
    )
    .addOption(
      new RuledOption('--timeout <seconds>', 'how long to wait for them; exits with 3 if they have not come')
        .argParser(seconds)
        .default(2)
        .needs(['wait'], 'limits the wait for answers'),
    )
    .addHelpText(
      'after',
      `
Examples:
  sercom send /dev/ttyACM0 --hex "01 02 ff"
  sercom send /dev/ttyACM0 --text hello --wait 1 --settle 2000   (an Uno resets when its port opens)
  sercom send /dev/ttyACM0 --text '{"led": true}' --encode cbor
  sercom send /dev/ttyACM0 --input hex --interval 0.1 < commands.txt
  printf 'a\\tb' | sercom send /dev/ttyUSB0@9600 --stdin
  sercom send sim: --text hello --wait 1`,
    )
    .action(async (port: string | undefined) => {
      const { send } = await import('./send.js');
      const given = port === undefined ? [] : [port];
      exit(
        await runOnPorts<SendOptions>(command, given, (ports, options) =>
          send(onlyPort(ports, 'send'), options, output),
        ),
      );
    });
};
