import { CliError, codeOf } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { withFlags } from '../options/port-options.js';

/** The errors of acknowledged delivery, and what to do about them if they do not say it themselves. */
const ADVICE: Readonly<Record<string, { exitCode: ExitCode; advice: string }>> = {
  ACK_TIMEOUT: { exitCode: ExitCode.timeout, advice: '' },
  PEER_RESET: { exitCode: ExitCode.failure, advice: '; check the state of the device before you send it again' },
  // Known after the handshake only.
  PACKET_TOO_LARGE: { exitCode: ExitCode.usage, advice: '' },
  PEER_INCOMPATIBLE: { exitCode: ExitCode.failure, advice: '' },
};

/** A packet that was not delivered, for users of the command line. Its cause is the error of the library. */
class DeliveryCliError extends CliError {
  readonly code: string;

  constructor(code: string, exitCode: ExitCode, message: string, options: ErrorOptions) {
    super(exitCode, message, options);
    this.code = code;
  }
}

/** The error, or, if acknowledged delivery has failed, one that names options instead of settings. */
export function forUsers(error: unknown): unknown {
  const code = codeOf(error);
  const known = typeof code === 'string' ? ADVICE[code] : undefined;
  if (known === undefined || error instanceof CliError) {
    return error;
  }
  const message = withFlags((error as Error).message)
    .replace("delivery: 'plain'", '--delivery plain')
    .replaceAll('baudRate', '--baud');
  return new DeliveryCliError(code as string, known.exitCode, `${message}${known.advice}`, { cause: error });
}
