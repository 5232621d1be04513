import { Command } from 'commander';
import type { CommandDefinition, Run } from './commands/command.js';
import { ExitCode } from './exit-codes.js';
import { fittedHelp, formatItem } from './options/help-layout.js';
import { printMessage } from './terminal/message.js';
import type { Output } from './terminal/output.js';
import { usageMessage } from './usage-message.js';
import { version } from './version.js';

type Exit = (code: ExitCode) => void;

/**
 * The commands, in the order of the help. What a command accepts is defined in `commands/NAME/command.ts`, what it does
 * in `commands/NAME/run.ts`.
 */
const COMMANDS = {
  list: 'list the serial ports of this machine',
  monitor: 'print one line for each packet and for each rejected frame',
  send: 'send packets and print the replies',
  ping: 'send packets to an echoing device; verify and time the echoes',
  serve: 'share a port with several clients, over TCP or a Unix socket',
  replay: 'print a recording, or resend it to a port',
  bridge: 'connect ports to an MQTT broker, so that applications elsewhere can use them',
  extcap: 'Wireshark extcap interface: offers serial ports as capture interfaces (run by Wireshark)',
  completion: 'print the script that completes sercom in a shell',
};

const EXIT_CODES = `
Exit codes: 0 success, 1 a port, a file, the broker or other input/output failed, the device answered a request with
an error, or ping found a packet lost or corrupted, 2 usage error, 3 timeout. Ctrl-C exits with 130 in send and
replay, 0 in monitor, serve, bridge, list --watch and extcap, 0 or 1 in ping. SIGTERM exits with 143, SIGHUP (the terminal was
closed) with 129, in all commands.`;

/**
 * The commands of `sercom`. What a command needs is loaded when it runs, so that help is fast.
 *
 * @param exit - called with the exit code of a command that has run
 * @param commandLine - if given, only the commands that it names are defined completely
 */
export async function createProgram(output: Output, exit: Exit, commandLine?: readonly string[]): Promise<Command> {
  const program = new Command('sercom')
    .description('Monitor and send COBS packets over serial ports.')
    .version(version())
    .exitOverride()
    .configureHelp({ formatItem })
    .configureOutput({
      getOutHelpWidth: () => output.size?.columns ?? 80,
      writeOut: (text) => void output.write(fittedHelp(text, output.size?.columns)),
      outputError: (text) => printMessage(usageMessage(text, program)),
    })
    .addHelpText(
      'after',
      `
Examples:
  sercom list                                      what is plugged in?
  sercom monitor /dev/ttyACM0                      show each packet
  sercom send /dev/ttyACM0 --text hello --wait 1   send a packet and show the reply
  sercom ping /dev/ttyACM0                         does the device echo every packet?
  sercom monitor sim:                              try it without hardware`,
    )
    .addHelpText('afterAll', EXIT_CODES);
  // The completion scripts are made from the definitions of all commands.
  const all = commandLine === undefined || commandLine.includes('completion');
  const others: Command[] = [];
  for (const [name, description] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(description);
    command.configureOutput({ outputError: (text) => printMessage(usageMessage(text, command)) });
    if (all || commandLine.includes(name)) {
      await define(command, program, output, exit);
    } else {
      others.push(command);
    }
  }
  // A profile may hold options of any command.
  program.hook('preAction', async (_, { args }) => {
    if (args.length > 0 && args.some((await import('./options/profiles.js')).namesProfile)) {
      await Promise.all(others.map((command) => define(command, program, output, exit)));
    }
  });
  return program;
}

/** Defines a command completely. */
async function define(command: Command, program: Command, output: Output, exit: Exit): Promise<void> {
  const folder = `./commands/${command.name()}`;
  const { definition }: { definition: CommandDefinition } = await import(`${folder}/command.js`);
  const { addDefinition, parsedOptions } = await import('./commands/command.js');
  addDefinition(command, definition);
  command.action(async () => {
    const { run }: { run: Run<CommandDefinition> } = await import(`${folder}/run.js`);
    const options = await parsedOptions(command, definition);
    exit(options === undefined ? ExitCode.interrupted : await run(options, output, program));
  });
}
