import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { grouped, needing, option, type TypedOption } from './define.js';
import { SESSION_OPTIONS } from './port-options.js';

/** Decode sessions of others, without taking part in them. */
export const LISTEN = 'listen' as const;

/** Exchange packets in a session. */
export const ACKNOWLEDGED = 'acknowledged' as const;

/** The values of `--delivery`, and what each means. */
const MEANINGS = {
  plain: 'each packet is sent once',
  [ACKNOWLEDGED]: 'each arrives exactly once and in order, if the device uses link.h',
  [LISTEN]: 'decode a session that others have',
} as const;

export type Delivery = keyof typeof MEANINGS;

/**
 * The option of a command that chooses how packets are delivered.
 *
 * @param choices - those that the command supports
 */
export function deliveryOption<const Choice extends Delivery>(
  choices: readonly Choice[],
): { delivery: TypedOption<Choice> } {
  const text = choices.map((choice) => `${choice}: ${MEANINGS[choice]}`).join('; ');
  const definition = option('--delivery <kind>', text, {
    choices: choices as readonly Delivery[],
    default: 'plain',
  });
  return grouped('Delivery:', { delivery: definition as TypedOption<Choice> });
}

/** The options of a command that can have sessions. */
export const ACKNOWLEDGED_OPTIONS = grouped('Delivery:', needing([`delivery=${ACKNOWLEDGED}`], SESSION_OPTIONS));

interface CheckedOptions {
  delivery: Delivery;
  checksum: unknown;
  settleMs?: number;
  ackTimeoutMs?: number;
}

/**
 * Checks what a session needs.
 *
 * @throws CliError (usage error)
 */
export function checkDelivery({ delivery, checksum, settleMs = 0, ackTimeoutMs }: CheckedOptions): void {
  if (delivery !== 'plain' && checksum !== 'none') {
    throw new CliError(
      ExitCode.usage,
      `--checksum ${checksum} cannot be used with --delivery ${delivery}, whose frames have their own CRC-32`,
    );
  }
  if (delivery === ACKNOWLEDGED && ackTimeoutMs !== undefined && ackTimeoutMs <= settleMs) {
    throw new CliError(
      ExitCode.usage,
      `--ack-timeout: ${ackTimeoutMs} ms are over before --settle (${settleMs} ms); raise it`,
    );
  }
}
