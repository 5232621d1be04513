import { describe, expect, test } from 'vitest';
import { PYTHON_WITH_SERIAL } from '../../../../test/support/pyserial.js';
import { has } from '../../../../test/support/tools.js';
import { startPyserial } from '../../support/pyserial.js';
import { serve } from '../../support/serve-rig.js';
import { openTestPort, write } from '../../support/test-port.js';

/** Frames with 0xFF and XON, which must arrive unchanged. */
const FRAME = '06ff11ff13ff00';

describe.skipIf(!has('socat') || PYTHON_WITH_SERIAL === undefined)(
  'clients that use pyserial (needs socat and python3-serial)',
  () => {
    test('socket:// exchanges frames', async () => {
      const port = await openTestPort();
      const { tcpPort } = await serve(port.path);
      const client = startPyserial();
      expect(await client.tell(`open socket://127.0.0.1:${tcpPort}`)).toBe('ok');
      await client.tell(`write ${FRAME}`);
      expect(await port.arrived(8)).toBe(`00${FRAME}`);
      write(port.device, FRAME);
      expect(await client.tell('read 8')).toBe(`00${FRAME}`);
    });

    test.each([
      ['frames', '00', []],
      ['bytes', '', ['--bytes']],
    ])('rfc2217:// exchanges %s', async (_, sync, options) => {
      const port = await openTestPort();
      const { tcpPort } = await serve(port.path, '--rfc2217', ...options);
      const client = startPyserial();
      expect(await client.tell(`open rfc2217://127.0.0.1:${tcpPort} baudrate 115200`)).toBe('ok');
      await client.tell(`write ${FRAME}`);
      const expected = `${sync}${FRAME}`;
      expect(await port.arrived(expected.length / 2)).toBe(expected);
      write(port.device, FRAME);
      expect(await client.tell(`read ${expected.length / 2}`)).toBe(expected);
    });

    test('rfc2217:// sets the baud rate at once, and other settings by opening the port again', async () => {
      const port = await openTestPort();
      const { tcpPort, process } = await serve(port.path, '--rfc2217');
      // The driver discards what is on its way when the baud rate changes.
      await port.arrived(1);
      const client = startPyserial();
      expect(await client.tell(`open rfc2217://127.0.0.1:${tcpPort} baudrate 57600`)).toBe('ok');
      await process.complained(/client 1 \S+ set 57600 bit\/s, 8N1\n/);
      expect(await client.tell('set baudrate 9600')).toBe('ok');
      await process.complained(/client 1 \S+ set 9600 bit\/s, 8N1\n/);
      expect(process.stderr).not.toMatch(/"?\S+"? connected \(/);
      // Seven data bits: a pty ignores them.
      expect(await client.tell("set parity 'E'")).toBe('ok');
      await process.complained(/ connected \(/);
      await process.complained(/client 1 \S+ set 9600 bit\/s, 8E1\n/);
      await client.tell(`write ${FRAME}`);
      // A delimiter for each opening.
      expect(await port.arrived(9)).toBe(`0000${FRAME}`);
      expect(await client.tell('set baudrate 19200')).toBe('ok');
      await process.complained(/client 1 \S+ set 19200 bit\/s, 8E1\n/);
    });

    test('rfc2217:// of a second client cannot change what belongs to the first', async () => {
      const port = await openTestPort();
      const { tcpPort, process } = await serve(port.path, '--rfc2217');
      const [first, second] = [startPyserial(), startPyserial()];
      expect(await first.tell(`open rfc2217://127.0.0.1:${tcpPort} baudrate 57600`)).toBe('ok');
      expect(await second.tell(`open rfc2217://127.0.0.1:${tcpPort} baudrate 9600`)).toMatch(/^error .*baud/);
      await process.complained(
        /client 2 \S+ wants 9600 bit\/s, 8N1: the settings belong to client 1 \S+, so they are kept/,
      );
      expect(await second.tell(`open rfc2217://127.0.0.1:${tcpPort} baudrate 57600`)).toBe('ok');
      write(port.device, FRAME);
      expect(await first.tell('read 8')).toBe(`00${FRAME}`);
      expect(await second.tell('read 8')).toBe(`00${FRAME}`);
      // When the first one has left, it is the turn of the next.
      await first.tell('close');
      await process.complained(/client 1 \S+ disconnected/);
      expect(await second.tell('set baudrate 9600')).toBe('ok');
    });

    test('rfc2217:// purges', async () => {
      const port = await openTestPort();
      const { tcpPort } = await serve(port.path, '--rfc2217');
      const client = startPyserial();
      expect(await client.tell(`open rfc2217://127.0.0.1:${tcpPort} baudrate 115200`)).toBe('ok');
      expect(await client.tell('purge')).toBe('ok');
      await client.tell(`write ${FRAME}`);
      expect(await port.arrived(8)).toBe(`00${FRAME}`);
    });
  },
);
