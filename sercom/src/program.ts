import { Command } from 'commander';
import type { Define, Exit } from './commands/command.js';
import { printMessage } from './terminal/message.js';
import type { Output } from './terminal/output.js';
import { version } from './version.js';

/** What there is, in the order of the help, and where the rest of each is defined. */
const COMMANDS: readonly { name: string; description: string; load(): Promise<{ define: Define }> }[] = [
  {
    name: 'list',
    description: 'list the serial ports of this machine',
    load: () => import('./commands/list/command.js'),
  },
  {
    name: 'monitor',
    description: 'print one line for each packet, and for each frame that is rejected',
    load: () => import('./commands/monitor/command.js'),
  },
  {
    name: 'send',
    description: 'send packets, and print the answers',
    load: () => import('./commands/send/command.js'),
  },
  {
    name: 'ping',
    description: 'send packets to a device that echoes; check and time what comes back',
    load: () => import('./commands/ping/command.js'),
  },
  {
    name: 'replay',
    description: 'show what was recorded, or send it to a port again',
    load: () => import('./commands/replay/command.js'),
  },
  {
    name: 'extcap',
    description: "show ports in Wireshark's list: its extcap interface; Wireshark calls this, not you",
    load: () => import('./commands/extcap/command.js'),
  },
  {
    name: 'completion',
    description: 'print the script that completes sercom in a shell',
    load: () => import('./commands/completion/command.js'),
  },
];

const EXIT_CODES = `
Exit codes: 0 success, 1 a port, a file or other input/output failed, or ping found a packet lost or corrupted,
2 wrong use, 3 timeout. Ctrl-C gives 130 in send and replay, 0 in monitor, list --watch and extcap, 0 or 1 in ping.`;

/**
 * The commands of `sercom`. Each loads what it needs when it is run: help must not wait for serialport.
 *
 * @param commandLine - if given, only the commands that it names are defined in full: the others are not loaded
 */
export async function createProgram(output: Output, exit: Exit, commandLine?: readonly string[]): Promise<Command> {
  const program = new Command('sercom')
    .description('Packets (COBS) over serial ports: watch them, send them.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void output.write(text),
      outputError: (text) => printMessage(wrongUse(text, 'sercom')),
    })
    .addHelpText(
      'after',
      `
Examples:
  sercom list                                      what is plugged in?
  sercom monitor /dev/ttyACM0                      show each packet
  sercom send /dev/ttyACM0 --text hello --wait 1   send one, show the answer
  sercom ping /dev/ttyACM0                         does every packet come back?
  sercom monitor sim:                              try it without hardware`,
    )
    .addHelpText('afterAll', EXIT_CODES);
  // The scripts for completion are made of all others.
  const all = commandLine === undefined || commandLine.includes('completion');
  const others: (() => Promise<void>)[] = [];
  for (const { name, description, load } of COMMANDS) {
    const command = program
      .command(name)
      .description(description)
      .configureOutput({ outputError: (text) => printMessage(wrongUse(text, `sercom ${name}`)) });
    const defineIt = async () => (await load()).define(command, output, exit);
    if (all || commandLine.includes(name)) {
      await defineIt();
    } else {
      others.push(defineIt);
    }
  }
  // A profile may have options of any of them.
  program.hook('preAction', async (_, { args }) => {
    if (args.length > 0 && args.some((await import('./options/profiles.js')).namesProfile)) {
      await Promise.all(others.map((defineIt) => defineIt()));
    }
  });
  return program;
}

/** What Commander says of a command, which may have several lines, in one. */
function wrongUse(text: string, command: string): string {
  const sentence = text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[.\s]+$/, '');
  return `${sentence}; see "${command} --help"`;
}
