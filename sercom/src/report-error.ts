import type { InitializeError } from 'serial-communicator';
import { CliError, codeOf } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { printMessage } from './terminal/message.js';

/**
 * Prints an error: one line, or one for each port that could not be opened.
 *
 * @returns the exit code
 */
export function reportError(error: unknown): ExitCode {
  if (error instanceof CliError) {
    printMessage(error.message);
    return error.exitCode;
  }
  // Match by code, because a command that opens no port does not load the error classes of the library.
  const code = codeOf(error);
  if (code === 'INITIALIZE_FAILED') {
    for (const { message } of (error as InitializeError).errors) {
      printMessage(message);
    }
    return ExitCode.failure;
  }
  printMessage(error instanceof Error ? error.message : String(error));
  return code === 'INVALID_CONNECTION' || code === 'PACKET_TOO_LARGE' ? ExitCode.usage : ExitCode.failure;
}
