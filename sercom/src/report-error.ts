import type { InitializeError } from 'serial-communicator';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { printMessage } from './terminal/message.js';

/**
 * Prints an error: one line, or one for each port that could not be opened.
 *
 * @returns what to exit with
 */
export function reportError(error: unknown): ExitCode {
  if (error instanceof CliError) {
    printMessage(error.message);
    return error.exitCode;
  }
  // The classes of the library are not loaded for a command that opens no port, so the code tells them.
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'INITIALIZE_FAILED') {
    for (const { message } of (error as InitializeError).errors) {
      printMessage(message);
    }
    return ExitCode.failure;
  }
  printMessage(error instanceof Error ? error.message : String(error));
  return code === 'INVALID_CONNECTION' || code === 'PACKET_TOO_LARGE' ? ExitCode.usage : ExitCode.failure;
}
