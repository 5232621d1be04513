import { connect as tlsConnect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { serve } from '../../support/serve-rig.js';
import { openTestPort } from '../../support/test-port.js';

const HI = '03686900';

/** A body that a raw port would take for frames. */
const FRAMES = Buffer.from(`00${HI}`, 'hex');

describe.skipIf(!has('socat')).each([['frames'], ['bytes', '--bytes'], ['RFC 2217', '--rfc2217']])(
  'web pages and sercom serve with %s (needs socat)',
  (_, ...options) => {
    test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'FOO'])('%s by fetch is cut off', async (method) => {
      const port = await openTestPort();
      const { process, tcpPort, client } = await serve(port.path, ...options, '--no-sync');
      await expect(fetch(`http://127.0.0.1:${tcpPort}/`, { method, body: FRAMES })).rejects.toThrow();
      await process.complained(/client 1 \S+ cut off: it began with an HTTP request, as web pages do; nothing of it /);
      await client2Arrives(client, port);
    });

    test('a TLS hello is cut off', async () => {
      const port = await openTestPort();
      const { process, tcpPort, client } = await serve(port.path, ...options, '--no-sync');
      tlsConnect({ host: '127.0.0.1', port: tcpPort }).on('error', () => {});
      await process.complained(/client 1 \S+ cut off: it began with a TLS hello, as web pages do; nothing of it /);
      await client2Arrives(client, port);
    });

    // What Chromium sends. The page chooses the user name, here AAAAAAAA.
    test.each([
      ['TURN server', '000300082112a442626d627739482b5642416b710019000411000000'],
      ['peer', '0068000100542112a442354242777377337170512f330006000d41414141414141413a4c305a33000000c0570004000003e7'],
    ])('WebRTC with a %s is cut off', async (_, hex) => {
      const port = await openTestPort();
      const { process, client } = await serve(port.path, ...options, '--no-sync');
      const one = await client();
      one.send(hex);
      await one.closed;
      await process.complained(/client 1 \S+ cut off: it began with a WebRTC message, as web pages do; nothing of it /);
      await client2Arrives(client, port);
    });

    test('a request in small pieces is cut off', async () => {
      const port = await openTestPort();
      const { process, client } = await serve(port.path, ...options, '--no-sync');
      const { socket, closed } = await client();
      for (const byte of 'POST /') {
        socket.write(byte);
        await new Promise(setImmediate);
      }
      socket.write(FRAMES);
      await closed;
      await process.complained(/client 1 \S+ cut off: it began with an HTTP request/);
      await client2Arrives(client, port);
    });
  },
);

/** The bytes of another client are the first that reach the device. */
async function client2Arrives(
  client: Awaited<ReturnType<typeof serve>>['client'],
  port: Awaited<ReturnType<typeof openTestPort>>,
): Promise<void> {
  (await client()).send(HI);
  expect(await port.arrived(4)).toBe(HI);
}

test.skipIf(!has('socat'))('a client that sends the beginning of a request, and no more, is let through', async () => {
  const port = await openTestPort();
  const { client } = await serve(port.path, '--bytes');
  const one = await client();
  one.send(Buffer.from('GET').toString('hex'));
  expect(await port.arrived(3)).toBe('474554');
  one.send(Buffer.from(' / HTTP/1.1\r\n').toString('hex'));
  expect(await port.arrived(16)).toMatch(/^474554202f20/);
});
