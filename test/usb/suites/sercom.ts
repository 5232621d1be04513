import { describe, expect, test } from 'vitest';
import { factsOf } from '../facts.js';

interface Ended {
  code: number;
  out: string[];
  err: string[];
}

export function describeSercom(): void {
  describe('sercom', () => {
    const facts = factsOf<{
      watched: Ended;
      monitored: { code: number; err: string[]; lines: object[] };
      unnamed: Ended;
      none: Ended;
    }>('sercom');

    test('list --watch reports a device that is plugged in and unplugged', async () => {
      const { code, out } = (await facts()).watched;
      const changes = out.filter((line) => line.includes('ttyACM0')).map((line) => JSON.parse(line));
      expect(changes.map(({ change }) => change)).toEqual(
        changes.length === 2 ? ['added', 'removed'] : ['added', 'removed', 'added', 'removed'],
      );
      expect(changes[0]).toMatchObject({ path: '/dev/ttyACM0', vendorId: '2341', productId: '0043' });
      expect(changes.at(-1)).toMatchObject({ serialNumber: 'GADGET42', manufacturer: 'Bench' });
      expect(code).toBe(0);
    });

    test('monitor usb:VID:PID:SERIAL finds the device, reports a disconnect, and continues after the reconnect', async () => {
      const { code, err, lines } = (await facts()).monitored;
      const packet = Buffer.from('A'.repeat(198)).toString('hex');
      expect(lines).toEqual(
        lines.map(() => expect.objectContaining({ name: 'arm', dir: 'rx', length: 198, hex: packet })),
      );
      expect(lines.length).toBeGreaterThan(0);
      const messages = err.filter((line) => line !== '');
      expect(messages[0]).toMatch(/^sercom: .*arm.*(lost|disconnected)/);
      expect(messages[1]).toMatch(/^sercom: .*arm.*\/dev\/ttyACM/);
      expect(messages.at(-1)).toMatch(/^sercom: received \d+ packets/);
      expect(code).toBe(0);
    });

    test('monitor without a port uses the only USB port, and reports which', async () => {
      const { code, out, err } = (await facts()).unnamed;
      expect(err[0]).toBe('sercom: using /dev/ttyACM0 (2341:0043 Bench GADGET42)');
      expect(out[0]).toMatch(/ttyACM0 +rx +198 /);
      expect(code).toBe(0);
    });

    test('monitor fails if the device does not exist, and lists the available ports', async () => {
      const { code, err } = (await facts()).none;
      expect(err[0]).toMatch(/^sercom: .*2341.*0099.*\/dev\/ttyACM0/);
      expect(code).toBe(1);
    });
  });
}
