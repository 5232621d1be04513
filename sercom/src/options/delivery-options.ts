import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { option, type TypedOption } from './define.js';

/** Decode the sessions of others, without taking part in them. */
export const LISTEN = 'listen';

/** The values of `--delivery`, and what each means. */
const MEANINGS = {
  plain: 'packets without acknowledgements',
  [LISTEN]: 'decode a session between others that the port hears',
} as const;

export type Delivery = keyof typeof MEANINGS;

/**
 * The option of a command whose ports may have sessions.
 *
 * @param choices - those that the command supports
 */
export function deliveryOption<const Choice extends Delivery>(
  choices: readonly Choice[],
): { delivery: TypedOption<Choice> } {
  const text = choices.map((choice) => `${choice} (${MEANINGS[choice]})`).join(', ');
  const definition = option('--delivery <kind>', `how packets travel: ${text}`, {
    choices: choices as readonly Delivery[],
    default: 'plain',
  });
  return { delivery: definition as TypedOption<Choice> };
}

/**
 * Checks what the frames of a session need.
 *
 * @throws CliError (usage error)
 */
export function checkDelivery({ delivery, checksum }: { delivery: Delivery; checksum: unknown }): void {
  if (delivery !== 'plain' && checksum !== 'none') {
    throw new CliError(
      ExitCode.usage,
      `--checksum ${checksum} cannot be used with --delivery ${delivery}, whose frames have their own CRC-32`,
    );
  }
}
