#!/usr/bin/env node
import { fstatSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { ExitCode } from './exit-codes.js';
import { createProgram } from './program.js';
import { reportError } from './report-error.js';
import { printMessage, printWarnings, redirectMessages } from './terminal/message.js';
import { Output } from './terminal/output.js';

/** Runs the command that the command line names. Never rejects. */
async function main(commandLine: readonly string[], output: Output): Promise<ExitCode> {
  if (commandLine.length === 0) {
    printMessage('no command given (for example list, monitor or send); see "sercom --help"');
    return ExitCode.usage;
  }
  let exitCode: ExitCode = ExitCode.success;
  try {
    const exit = (code: ExitCode) => {
      exitCode = code;
    };
    const program = await createProgram(output, exit, commandLine);
    const [first = '', second] = commandLine;
    const word = first === 'help' ? second : first;
    const commands = program.commands.map((command) => command.name());
    // Commander ignores an unknown command after "help".
    if (word !== undefined && !/^-|^help$/.test(word) && !commands.includes(word)) {
      const { unknownCommand } = await import('./unknown-command.js');
      throw unknownCommand(word, commands);
    }
    await program.parseAsync(commandLine, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      return reportError(error);
    }
    // Commander has already printed its message, or the help or version that was requested.
    return error.exitCode === 0 ? ExitCode.success : ExitCode.usage;
  }
}

/** The final exit code: a command whose output could not be written has failed. */
async function finish(exitCode: ExitCode, output: Output, messages: Output | undefined): Promise<ExitCode> {
  await output.flush();
  if (output.failure !== undefined) {
    const { cannotWrite } = await import('./text/file-problem.js');
    printMessage(cannotWrite('to stdout', output.failure));
  }
  await output.close();
  await messages?.close();
  return output.failure === undefined ? exitCode : ExitCode.failure;
}

/** What writes messages to stderr if it is a terminal: if stdout is the same one, its output, which may have a footer. */
function messagesOn(output: Output): Output | undefined {
  if (!process.stderr.isTTY) {
    return undefined;
  }
  return output.isTerminal && fstatSync(1).rdev === fstatSync(2).rdev ? output : new Output(process.stderr, 2);
}

// When stderr is closed, there is nowhere left to report to.
process.stderr.on('error', () => {});
process.on('uncaughtException', (error) => {
  const exitCode = reportError(error);
  messages?.push();
  process.exit(exitCode);
});

printWarnings();
const output = new Output(process.stdout);
const messages = messagesOn(output);
if (messages !== undefined) {
  redirectMessages((line) => {
    // A terminal that is stalled for hours must not fill the memory.
    if (!messages.isFull) {
      void messages.write(line);
    }
  });
}
process.exitCode = await finish(await main(process.argv.slice(2), output), output, messages);
if (process.exitCode === ExitCode.hungUp && process.stdin.isTTY && process.pid !== 1) {
  // Node.js crashes when it cannot restore the mode of a terminal at the end, so let the signal end the process.
  process.kill(process.pid, 'SIGHUP');
  await delay(1_000);
}
