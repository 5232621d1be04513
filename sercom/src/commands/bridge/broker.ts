import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { cannotRead } from '../../text/file-problem.js';
import { type BrokerOptions, PASSWORD_VARIABLE } from './command.js';

const PLAIN_PROTOCOLS = ['mqtt:', 'ws:'];
const TLS_PROTOCOLS = ['mqtts:', 'wss:'];
const WEB_PROTOCOLS = ['ws:', 'wss:'];

const GRAMMAR = 'mqtt://HOST[:PORT], mqtts://HOST[:PORT], ws://… or wss://…, for example mqtt://localhost';

/** Where the broker is, and how to log in. */
export interface Broker {
  readonly url: string;
  /** `HOST`, or `HOST:PORT`, for messages. */
  readonly host: string;
  /** Options of MQTT.js. */
  readonly settings: {
    username?: string;
    password?: string;
    ca?: Buffer;
    cert?: Buffer;
    key?: Buffer;
  };
  /** Whether others on the network can read the password. */
  readonly exposesPassword: boolean;
}

/**
 * The broker that the options describe. Reads the files that they name. Never repeats a URL in a message: it may contain
 * a password.
 *
 * @throws CliError (usage error, failure)
 */
export async function brokerOf(options: BrokerOptions): Promise<Broker> {
  const url = parsedUrl(options.mqtt);
  const isEncrypted = TLS_PROTOCOLS.includes(url.protocol);
  const password = await passwordOf(options);
  const files = { ca: options.mqttCa, cert: options.mqttCert, key: options.mqttKey };
  const given = Object.entries(files).filter((entry): entry is [keyof typeof files, string] => entry[1] !== undefined);
  if (given.length > 0 && !isEncrypted) {
    throw new CliError(ExitCode.usage, `--mqtt-${given[0]![0]} requires a broker with TLS: mqtts:// or wss://`);
  }
  const contents: Partial<Record<keyof typeof files, Buffer>> = {};
  for (const [name, file] of given) {
    contents[name] = await readPem(`--mqtt-${name}`, file);
  }
  checkPair(contents);
  return {
    url: url.href,
    host: url.host,
    settings: {
      ...(options.mqttUser !== undefined && { username: options.mqttUser }),
      ...(password !== undefined && { password }),
      ...contents,
    },
    exposesPassword: password !== undefined && !isEncrypted && !isLoopback(url.hostname),
  };
}

function parsedUrl(text: string | undefined): URL {
  if (text === undefined) {
    throw new CliError(ExitCode.usage, `--mqtt is missing; name the broker: ${GRAMMAR}`);
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new CliError(
      ExitCode.usage,
      '--mqtt: the URL has a user or password, but others see the arguments of a program; ' +
        `use --mqtt-user, and ${PASSWORD_VARIABLE} or --mqtt-password-file`,
    );
  }
  const isKnown = url !== undefined && [...PLAIN_PROTOCOLS, ...TLS_PROTOCOLS].includes(url.protocol);
  const isBare = isKnown && ['', '/'].includes(url.pathname) && url.search === '' && url.hash === '';
  if (!isKnown || url.hostname === '' || !(isBare || WEB_PROTOCOLS.includes(url.protocol))) {
    throw new CliError(ExitCode.usage, `--mqtt: not the URL of a broker; expected ${GRAMMAR}`);
  }
  return url;
}

async function passwordOf({ mqttUser, mqttPasswordFile }: BrokerOptions): Promise<string | undefined> {
  const { [PASSWORD_VARIABLE]: variable } = process.env;
  if (mqttPasswordFile === undefined) {
    if (variable !== undefined && mqttUser === undefined) {
      throw new CliError(ExitCode.usage, `${PASSWORD_VARIABLE} is set, but no user; name one with --mqtt-user`);
    }
    return variable;
  }
  const password = (await read('--mqtt-password-file', mqttPasswordFile)).toString().replace(/\r?\n$/, '');
  if (password === '') {
    throw new CliError(
      ExitCode.failure,
      `--mqtt-password-file: ${mqttPasswordFile} is empty; write the password into it`,
    );
  }
  return password;
}

async function readPem(flag: string, file: string): Promise<Buffer> {
  const content = await read(flag, file);
  if (!content.includes('-----BEGIN ')) {
    throw new CliError(ExitCode.failure, `${flag}: ${file} is not a PEM file; convert it with "openssl"`);
  }
  return content;
}

async function read(flag: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CliError(ExitCode.failure, `${flag}: ${cannotRead(file, error)}`, { cause: error });
  }
}

/** Checks what would otherwise fail with a message of OpenSSL, and only when the broker is reached. */
function checkPair(contents: Broker['settings']): void {
  try {
    createSecureContext(contents);
  } catch (error) {
    const problem = /mismatch/.test((error as Error).message) ? 'the key is that of another certificate' : 'not usable';
    throw new CliError(
      ExitCode.failure,
      `--mqtt-cert, --mqtt-key: ${problem}; name a certificate and its key, without a passphrase`,
      { cause: error },
    );
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}
