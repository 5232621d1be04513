import { once } from 'node:events';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { type ConnectionOptions, createServer, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator } from '../../../src/index.js';
import { describeEchoSuite } from '../../echo-suite.js';
import { Certificate } from '../../support/certificates.js';
import { has } from '../../support/tools.js';

/** A TLS server that sends back what it gets. */
async function serve(options: TlsOptions) {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}

describe.skipIf(!has('openssl'))('a port over TLS (needs openssl)', () => {
  let server: Certificate;
  let client: Certificate;

  beforeAll(() => {
    server = new Certificate('localhost');
    client = new Certificate('client');
  });

  afterAll(() => {
    server.remove();
    client.remove();
  });

  async function tryOpening(options: TlsOptions, host: string, tls?: ConnectionOptions): Promise<SerialCommunicator> {
    const served = await serve({ key: server.key, cert: server.cert, ...options });
    const serial = new SerialCommunicator();
    serial.addConnection('arm', { path: `tls://${host}:${served.port}`, ...(tls && { tls }) });
    onTestFinished(async () => {
      await serial[Symbol.asyncDispose]();
      await served.close();
    });
    await serial.initialize();
    return serial;
  }

  test.each(['localhost', '127.0.0.1'])('opens %s if its certificate is known', async (host) => {
    const serial = await tryOpening({}, host, { ca: server.cert });
    expect(serial.connectionState('arm')).toBe('connected');
  });

  test('sends the name of the host, as servers with several names need it', async () => {
    const names: string[] = [];
    const options: TlsOptions = {
      SNICallback(name, respond) {
        names.push(name);
        respond(null);
      },
    };
    await tryOpening(options, 'localhost', { ca: server.cert });
    expect(names).toEqual(['localhost']);
  });

  test('identifies itself by a client certificate', async () => {
    const options = { requestCert: true, rejectUnauthorized: true, ca: client.cert, maxVersion: 'TLSv1.2' as const };
    await tryOpening(options, 'localhost', { ca: server.cert, key: client.key, cert: client.cert });
    await expect(tryOpening(options, 'localhost', { ca: server.cert })).rejects.toMatchObject({
      errors: [{ code: expect.stringMatching(/^PORT_(BUSY|OPEN_FAILED)$/) }],
    });
  });

  test.each<[string, string, ConnectionOptions | undefined, RegExp]>([
    [
      'an unknown certificate',
      'localhost',
      undefined,
      /TLS failed: self[- ]signed certificate; check ca, cert, key and/,
    ],
    ['a certificate of another host', 'localhost', { servername: 'other' }, /TLS failed: Hostname\/IP does not match/],
  ])('PORT_OPEN_FAILED with %s', async (_, host, tls, message) => {
    const options = tls && { ca: server.cert, ...tls };
    await expect(tryOpening({}, host, options)).rejects.toMatchObject({
      errors: [{ code: 'PORT_OPEN_FAILED', message: expect.stringMatching(message) }],
    });
  });

  test.each([
    [
      'OPEN_TIMEOUT if the server says nothing',
      '',
      'OPEN_TIMEOUT',
      /: did not open within 1000 ms; check the address, /,
    ],
    [
      'PORT_OPEN_FAILED if the server does not speak TLS',
      'hello, this is a plain server',
      'PORT_OPEN_FAILED',
      /: the server does not speak TLS; use tcp:\/\/$/,
    ],
  ])('%s', async (_, greeting, code, message) => {
    const plain = createPlainServer((socket) => {
      socket.on('error', () => {});
      socket.write(greeting);
    });
    onTestFinished(() => void plain.close());
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const serial = new SerialCommunicator();
    const { port } = plain.address() as AddressInfo;
    serial.addConnection('arm', { path: `tls://127.0.0.1:${port}`, openTimeoutMs: 1_000 });
    await expect(serial.initialize()).rejects.toMatchObject({
      errors: [{ code, message: expect.stringMatching(message) }],
    });
  });
});

describeEchoSuite(
  'TLS (needs openssl)',
  async () => {
    const certificate = new Certificate('localhost');
    const { key, cert } = certificate;
    const served = await serve({ key, cert });
    return {
      connection: { path: `tls://localhost:${served.port}`, tls: { ca: cert } },
      async dispose() {
        await served.close();
        certificate.remove();
      },
    };
  },
  { largestPacketBytes: 65_536, skip: !has('openssl') },
);
