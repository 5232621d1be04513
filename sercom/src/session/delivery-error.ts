import { CliError, codeOf } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { withFlags } from '../options/port-options.js';

/** The errors of acknowledged delivery, and what to do about them in addition to what they say. */
const ADVICE: Readonly<Record<string, { exitCode: ExitCode; advice: string }>> = {
  ACK_TIMEOUT: { exitCode: ExitCode.timeout, advice: '' },
  PEER_RESET: {
    exitCode: ExitCode.failure,
    advice: '; check the state of the device before you send it again',
  },
  // Known after the handshake only.
  PACKET_TOO_LARGE: { exitCode: ExitCode.usage, advice: '; send shorter packets' },
  PEER_INCOMPATIBLE: {
    exitCode: ExitCode.failure,
    advice: '; build the firmware with link.h of this version',
  },
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
  // It says already what to do if packets of the device are too large.
  const advice = message.includes('raise --max-packet') ? '' : known.advice;
  return new DeliveryCliError(code as string, known.exitCode, `${message}${advice}`, { cause: error });
}
