import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { grouped, needing, type OptionsOf, option } from './define.js';
import { tcpAddress } from './listen-address.js';
import { byteCount } from './values.js';

const MIB = 1_048_576;

const WEB_GROUP = 'Web page:';

/** The options of every command that has a live page. */
export const WEB_OPTIONS = grouped(WEB_GROUP, {
  web: option('--web', 'show packets and plots in a browser too: the address of the page is printed'),
  ...needing(['web'], {
    webAddress: option(
      '--web-listen <address>',
      'where the page is: [HOST:]PORT (default: any free port of 127.0.0.1, which only this machine can reach)',
      { parse: tcpAddress({ host: '127.0.0.1', port: 8080 }) },
    ),
    opensPage: option('--open', 'open the page in a browser'),
    webMemoryBytes: option(
      '--web-memory <bytes>',
      'memory for the packets that the page can show; when it is full, the oldest are dropped',
      { parse: byteCount(MIB), default: 256 * MIB, defaultText: '256M' },
    ),
    isWebPublic: option('--web-public', 'allow an address that other machines can reach, without encryption'),
    webTokenFile: option(
      '--web-token-file <file>',
      'take the secret in the address of the page from this file, which is created if it does not exist',
    ),
  }),
});

/** The option of a command whose page can send. */
export const ALLOW_SEND_OPTION = grouped(WEB_GROUP, {
  allowSend: option('--allow-send', 'let the page send packets and set markers', { needs: ['web'] }),
});

export type WebOptions = OptionsOf<typeof WEB_OPTIONS>;

/**
 * Whoever knows other servers may expect the port of the page after `--web`.
 *
 * @param isNot - what such a word is not: `no port`
 * @throws CliError if one of the words is only a number
 */
export function checkNoPagePort({ web }: WebOptions, words: readonly string[], isNot: string): void {
  const digits = web ? words.find((word) => /^\d+$/.test(word)) : undefined;
  if (digits !== undefined) {
    throw new CliError(ExitCode.usage, `"${digits}" is ${isNot}; put --web-listen before the port of the page`);
  }
}
