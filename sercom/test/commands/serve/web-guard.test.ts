import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/commands/serve/web-guard.js';

/** The verdict after each byte, until there is one. */
function verdictOf(bytes: Buffer): { verdict: string; after: number } {
  for (let length = 1; length <= bytes.length; length++) {
    const verdict = judge(bytes.subarray(0, length));
    if (verdict !== 'undecided') {
      return { verdict, after: length };
    }
  }
  return { verdict: 'undecided', after: bytes.length };
}

describe('recognizes what a browser sends first', () => {
  test.each([
    'GET / HTTP/1.1\r\n',
    'GET http://localhost:4000/ HTTP/1.1\r\n',
    'POST /x HTTP/1.1\r\n',
    'HEAD / HTTP/1.1\r\n',
    'PUT /%00 HTTP/1.1\r\n',
    'DELETE / HTTP/1.1\r\n',
    'PATCH / HTTP/1.1\r\n',
    'OPTIONS * HTTP/1.1\r\n',
    'TRACE / HTTP/1.1\r\n',
    'CONNECT localhost:4000 HTTP/1.1\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ])('%s', (request) => {
    const { verdict, after } = verdictOf(Buffer.from(request));
    expect(verdict).toBe('http');
    expect(after).toBeLessThanOrEqual(12);
  });

  // A page whose own address leads to the port may choose the method.
  test.each([
    ['a short one', 'FOO / HTTP/1.1\r\n', 11],
    ['all characters', "a!#$%&'*+-.^_`|~9 /x?y=%00 HTTP/1.1\r\n", 32],
    ['a long one', `${'M'.repeat(5_000)} / HTTP/1.1\r\n`, 5_008],
    ['longer than what is held', `${'M'.repeat(10_000)} / HTTP/1.1\r\n`, 8_193],
    ['a target longer than what is held', `FOO /${'x'.repeat(10_000)} HTTP/1.1\r\n`, 8_193],
  ])('any method: %s', (_, request, after) => {
    expect(verdictOf(Buffer.from(request))).toEqual({ verdict: 'http', after });
    expect(judge(Buffer.from(request))).toBe('http');
  });

  test.each(['16030100c1010000bd', '1603010200010001fc', '16030305a80100', '16030400f40100'])('TLS: %s', (hex) => {
    expect(verdictOf(Buffer.from(hex, 'hex'))).toEqual({ verdict: 'tls', after: 7 });
  });

  test('TLS: the hello of SSL 2, by which WebRTC pretends to speak TLS', () => {
    expect(verdictOf(Buffer.from('8046010301002d', 'hex'))).toEqual({ verdict: 'tls', after: 5 });
  });

  // Recorded from Chromium.
  test.each([
    ['a request to a TURN server', '000300082112a442626d627739482b5642416b710019000411000000', 8],
    ['a request to a peer', '0068000100542112a44235424277737733717051', 10],
  ])('WebRTC: %s', (_, hex, after) => {
    expect(verdictOf(Buffer.from(hex, 'hex'))).toEqual({ verdict: 'webrtc', after });
  });
});

describe('lets others pass', () => {
  test.each([
    ['a delimiter and a frame', '0003686900', 3],
    ['a delimiter and a frame that begins like a request of WebRTC', '000300082112a40000', 8],
    ['a frame', '0668656c6c6f00', 3],
    ['a frame of 22 bytes that begins like TLS', '160301020304050607', 6],
    ['a frame of text whose first block is as long as the letter G is', '4741424300', 5],
    ['telnet', 'fffd2c', 1],
    ['a text command', Buffer.from('GET temperature\n').toString('hex'), 16],
    ['a command of a shell', Buffer.from('ls / -l\n').toString('hex'), 6],
    ['a word', Buffer.from('POWER\n').toString('hex'), 6],
  ])('%s', (_, hex, after) => {
    expect(verdictOf(Buffer.from(hex, 'hex'))).toEqual({ verdict: 'welcome', after });
  });
});

test('cannot decide on the beginning of any', () => {
  for (const start of ['G', 'GET', 'GET ', 'GET h', 'OPTIONS ', 'ls /', '\x16', '\x16\x03\x01\x02\x00\x01', '\0']) {
    expect(judge(Buffer.from(start, 'latin1')), start).toBe('undecided');
  }
});
