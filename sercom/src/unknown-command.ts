import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { looksLikeRecording } from './records/recording-name.js';
import { similar } from './text/suggest.js';

/** Matches words that can only be ports, with or without a name. */
const PORT = /^(?:[^=]*=)?(?:sim:|usb:|\w+:\/\/|@|\/|COM\d|\\\\)/i;

/** The error for an unknown command. It may be a typo, or the user may have left out the command. */
export function unknownCommand(word: string, commands: readonly string[]): CliError {
  const omitted = looksLikeRecording(word) ? 'replay' : PORT.test(word) ? 'monitor' : undefined;
  const closest = omitted === undefined ? similar(word, commands) : `"sercom ${omitted} ${word}"`;
  const suggestion = closest === undefined ? '' : ` (Did you mean ${closest}?)`;
  return new CliError(ExitCode.usage, `unknown command '${word}'${suggestion}; see "sercom --help"`);
}
