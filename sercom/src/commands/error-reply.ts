import type { ReplyError } from 'serial-communicator';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { replyCodeText } from '../records/request-ids.js';

/** What the device answered instead of a reply, for users. */
export function errorReply(name: string, error: ReplyError): CliError {
  const answer = `"${name}" answered with error ${replyCodeText(error.replyCode)}`;
  return new CliError(ExitCode.failure, `${answer}; check the packet, and what the device does with it`, {
    cause: error,
  });
}
