import type { ConnectionErrorCode } from '../../errors.js';
import { tlsReason } from '../../tls-reason.js';
import { type HostAddress, parseNetworkPath, type SocketFile } from '../network/network-address.js';

type Meaning<Address> = readonly [
  code: string | RegExp,
  ConnectionErrorCode,
  explain: (address: Address, error: Error) => string,
];

type Explanation = Meaning<HostAddress>[2];

const unknownHost: Explanation = ({ host }) =>
  `the host name "${host}" cannot be resolved; check its spelling, or use the IP address`;
const noRoute: Explanation = ({ host }) =>
  `no route to ${host}; check the address and the network, and that the host is switched on`;
const forbidden: Explanation = ({ host }) => `a firewall of this machine forbids connections to ${host}`;
const checkServer = ({ host, port }: HostAddress) =>
  `check the address, that ${host} is switched on, and that no firewall blocks port ${port}`;

const OTHER_PROGRAM = 'probably another program is connected: close it first, or let the server accept several clients';
const OTHER_CLIENT =
  'probably another program is connected, or the server has not noticed that an earlier connection is dead: close that program, ' +
  'or let the server replace its client (in ser2net, "kickolduser: true")';

/** What the codes of an error mean. Of several, as of a host with several addresses, the first in this list counts. */
const MEANINGS: readonly Meaning<HostAddress>[] = [
  [
    'ECONNREFUSED',
    'PORT_BUSY',
    ({ host, port }) =>
      `${host} refused the connection: nothing listens on port ${port}, or the server accepts no second client; check the ` +
      'port number, that the server (ser2net, for example) runs, and that no other program is connected',
  ],
  ['CLOSED_AT_ONCE', 'PORT_BUSY', (_, { message }) => `${message}; ${OTHER_CLIENT}`],
  ['ECONNRESET', 'PORT_BUSY', () => `the server closed the connection at once; ${OTHER_CLIENT}`],
  ['SERVER_UNSUITABLE', 'PORT_OPEN_FAILED', (_, { message }) => message],
  ['ETIMEDOUT', 'OPEN_TIMEOUT', (address) => `no answer; ${checkServer(address)}`],
  [/^E(HOST|NET)(UNREACH|DOWN)$|^EADDRNOTAVAIL$/, 'PORT_NOT_FOUND', noRoute],
  [/^E(NOTFOUND|AI_\w+)$/, 'PORT_NOT_FOUND', unknownHost],
  [/^E(ACCES|PERM)$/, 'PERMISSION_DENIED', forbidden],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'PORT_OPEN_FAILED', () => 'the server does not speak TLS; use tcp://'],
  [
    /^(ERR_(SSL|TLS)_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/,
    'PORT_OPEN_FAILED',
    (_, error) => `TLS failed: ${tlsReason(error)}; check ca, cert, key and servername in the setting tls`,
  ],
];

const FILE_MEANINGS: readonly Meaning<SocketFile>[] = [
  ['ENOENT', 'PORT_NOT_FOUND', ({ file }) => `there is no socket ${file}; check the path, and that the server runs`],
  ['ECONNREFUSED', 'PORT_BUSY', ({ file }) => `nothing listens on ${file}; start the server again`],
  ['CLOSED_AT_ONCE', 'PORT_BUSY', (_, { message }) => `${message}; ${OTHER_PROGRAM}`],
  [
    /^E(ACCES|PERM)$/,
    'PERMISSION_DENIED',
    ({ file }) => `permission denied for ${file}; run this program as the user of the server`,
  ],
];

/**
 * Says why a network path could not be opened, and what to do. Undefined if the path leads elsewhere, or the error is not
 * one of the network.
 */
export function explainNetworkFailure(
  error: unknown,
  path: string | undefined,
): { code: ConnectionErrorCode; why: string } | undefined {
  const address = parseNetworkPath(path ?? '');
  const codes = codesOf(error);
  if (typeof address !== 'object' || codes.length === 0) {
    return undefined;
  }
  return address.scheme === 'unix'
    ? explained(FILE_MEANINGS, address, codes, error as Error)
    : explained(MEANINGS, address, codes, error as Error);
}

function explained<Address>(
  meanings: readonly Meaning<Address>[],
  address: Address,
  codes: readonly string[],
  error: Error,
): { code: ConnectionErrorCode; why: string } | undefined {
  const meaning = meanings.find(([known]) =>
    codes.some((code) => (typeof known === 'string' ? known === code : known.test(code))),
  );
  return meaning && { code: meaning[1], why: meaning[2](address, error) };
}

/** Says what to do about a port that did not open in time, or was lost. Undefined if the path does not lead to the network. */
export function adviseOnServer(path: string | undefined, what: 'late' | 'lost'): string | undefined {
  const address = parseNetworkPath(path ?? '');
  if (typeof address !== 'object') {
    return undefined;
  }
  if (address.scheme === 'unix') {
    return 'check that the server runs';
  }
  return what === 'late'
    ? `${checkServer(address)}; or raise openTimeoutMs`
    : 'check that the server runs, and that the network works';
}

/** The code of an error, or those of each address that was tried. */
function codesOf(error: unknown): string[] {
  const { errors = [], code } = error as NodeJS.ErrnoException & Partial<AggregateError>;
  const codes = [...errors.map((each) => (each as NodeJS.ErrnoException).code), code];
  return [...new Set(codes.filter((each) => each !== undefined))];
}
