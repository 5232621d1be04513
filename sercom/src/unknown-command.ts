import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { similar } from './text/suggest.js';

/** What can only be a port, with or without a name. */
const PORT = /^(?:[^=]*=)?(?:sim:|usb:|@|\/|COM\d|\\\\)/i;

/** What `sercom` keeps packets in. */
const RECORDING = /\.(?:log|pcapng)$/i;

/** The error for a word that is no command. It may be a slip, or the command was left out. */
export function unknownCommand(word: string, commands: readonly string[]): CliError {
  const forgotten = RECORDING.test(word) ? 'replay' : PORT.test(word) ? 'monitor' : undefined;
  const meant = forgotten === undefined ? similar(word, commands) : `"sercom ${forgotten} ${word}"`;
  const suggestion = meant === undefined ? '' : ` (Did you mean ${meant}?)`;
  return new CliError(ExitCode.usage, `unknown command '${word}'${suggestion}; see "sercom --help"`);
}
