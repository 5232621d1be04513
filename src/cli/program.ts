import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { ExitCode } from './exit-codes.js';
import type { ListOptions } from './list.js';
import { printMessage } from './message.js';
import type { MonitorOptions } from './monitor.js';
import { lineOptions, seconds, wholeNumber } from './options.js';
import type { Output } from './output.js';
import type { SendOptions } from './send.js';

const EXIT_CODES = `
Exit codes: 0 success, 1 a port or input/output failed, 2 wrong use, 3 timeout,
130 Ctrl-C in send (0 in monitor).`;

const JSON_LINES = 'one JSON object a line: ts, name, dir, length, hex, error';

const PORT_GRAMMAR = `PATH or NAME=PATH, each with optional @BAUD; "sim:" is a simulated Arduino Uno that echoes`;

/** The commands of `sercom`. Each loads what it needs when it is run: help must not wait for serialport. */
export function createProgram(output: Output, exit: (code: ExitCode) => void): Command {
  const program = new Command('sercom')
    .description('Packets (COBS) over serial ports: watch them, send them.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void output.write(text),
      outputError: (text) => printMessage(wrongUse(text)),
    })
    .addHelpText(
      'after',
      `
Examples:
  sercom list                                      what is plugged in?
  sercom monitor /dev/ttyACM0                      show each packet
  sercom send /dev/ttyACM0 --text hello --wait 1   send one, show the answer
  sercom monitor sim:                              try it without hardware`,
    )
    .addHelpText('afterAll', EXIT_CODES);

  program
    .command('list')
    .description('list the serial ports of this machine')
    .option('--json', 'one JSON array of objects')
    .addHelpText(
      'after',
      `
Examples:
  sercom list
  sercom list --json | jq -r '.[] | select(.vendorId == "2341") | .path'`,
    )
    .action(async (options: ListOptions) => {
      const { list } = await import('./list.js');
      exit(await list(options, output));
    });

  const monitor = program
    .command('monitor')
    .description('print one line for each packet, and for each frame that is rejected')
    .argument('<port...>', PORT_GRAMMAR);
  for (const option of lineOptions()) {
    monitor.addOption(option);
  }
  monitor
    .option('--no-skip-first', 'decode the bytes before the first delimiter, too; they may be the tail of a frame')
    .option('-n, --count <packets>', 'end after that many received packets', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--timeout <seconds>', 'end after that time; exits with 3 if not --count packets (or 1) have come', seconds)
    .option('--json', JSON_LINES)
    .addHelpText(
      'after',
      `
Examples:
  sercom monitor /dev/ttyACM0
  sercom monitor arm=/dev/ttyACM0 leg=/dev/ttyUSB0@9600 --checksum crc16
  sercom monitor /dev/ttyACM0 --json | jq -r .hex
  sercom monitor /dev/ttyACM0 -n 1 --timeout 5 && echo alive
  sercom monitor sim:          (it is sent a packet a second, so that there is something to see)`,
    )
    .action(async (ports: string[], options: MonitorOptions) => {
      const { monitor } = await import('./monitor.js');
      exit(await monitor(ports, options, output));
    });

  const send = program
    .command('send')
    .description('send one packet, and print the answers')
    .argument('<port>', PORT_GRAMMAR)
    .addOption(
      new Option('--hex <bytes>', 'the packet in hex: "01 02 ff", 01:02:ff or 0102ff').conflicts(['text', 'stdin']),
    )
    .addOption(new Option('--text <text>', 'the packet as text, sent as UTF-8').conflicts(['hex', 'stdin']))
    .addOption(new Option('--stdin', 'the packet is all of stdin').conflicts(['hex', 'text']));
  for (const option of lineOptions()) {
    send.addOption(option);
  }
  send
    .option(
      '--wait <answers>',
      'print that many packets that come after it',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
      0,
    )
    .option('--timeout <seconds>', 'how long to wait for them; exits with 3 if they have not come', seconds, 2)
    .option('--json', JSON_LINES)
    .addHelpText(
      'after',
      `
Examples:
  sercom send /dev/ttyACM0 --hex "01 02 ff"
  sercom send /dev/ttyACM0 --text hello --wait 1 --settle 2000   (an Uno resets when its port opens)
  printf 'a\\tb' | sercom send /dev/ttyUSB0@9600 --stdin
  sercom send sim: --text hello --wait 1`,
    )
    .action(async (port: string, options: SendOptions) => {
      const { send } = await import('./send.js');
      exit(await send(port, options, output));
    });

  return program;
}

/** What Commander says, which may have several lines, in one. */
function wrongUse(text: string): string {
  const sentence = text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[.\s]+$/, '');
  return `${sentence}; see "sercom --help"`;
}

function version(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
}
