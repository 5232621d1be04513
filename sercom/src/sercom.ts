#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ExitCode } from './exit-codes.js';
import { createProgram } from './program.js';
import { reportError } from './report-error.js';
import { printMessage } from './terminal/message.js';
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
async function finish(exitCode: ExitCode, output: Output): Promise<ExitCode> {
  await output.flush();
  if (output.failure === undefined) {
    return exitCode;
  }
  printMessage(`cannot write to stdout: ${output.failure.message}`);
  return ExitCode.failure;
}

// When stderr is closed, there is nowhere left to report to.
process.stderr.on('error', () => {});
process.on('uncaughtException', (error) => process.exit(reportError(error)));

const output = new Output(process.stdout);
process.exitCode = await finish(await main(process.argv.slice(2), output), output);
