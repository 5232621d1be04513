import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { gate, type MakeHarness, outcome, someTurns, start } from './harness.js';

/** Sends until a send stays pending. More than any port buffers, if one packet has `fillBytes`. */
const MAX_FILLS = 10;

/** Instead of the packet: `toEqual` takes seconds for a long one. */
function digest(packet: Uint8Array): string {
  return `${packet.length} bytes, ${createHash('sha1').update(packet).digest('hex')}`;
}

export function describeAborting(makeHarness: MakeHarness): void {
  describe('send with a signal, while the device accepts nothing', () => {
    test('aborted: rejects with the reason at once; either none of the packet is sent or all of it', async () => {
      const { harness, communicator, inbox } = await start(makeHarness, 'a');
      await communicator.ready('a');
      const handled = gate();
      communicator.setReceiveHandler((name, packet) => {
        inbox.handler(name, packet);
        return handled.opened;
      });
      harness.stall?.(true);

      const send = (packet: Uint8Array) => {
        const controller = new AbortController();
        const ended = outcome(communicator.send('a', packet, { signal: controller.signal }));
        return { packet, controller, ended };
      };
      type Sending = ReturnType<typeof send>;
      const now = ({ ended }: Sending) => Promise.race([ended, someTurns().then(() => 'pending')]);

      const fills: Sending[] = [];
      do {
        expect(fills.length, 'a send stays pending').toBeLessThan(MAX_FILLS);
        fills.push(send(new Uint8Array(harness.fillBytes ?? 60_000).fill(fills.length + 1)));
      } while ((await now(fills.at(-1)!)) !== 'pending');
      // Of the last fill, part may be written. The next two wait.
      const waiting = [send(Uint8Array.of(101)), send(Uint8Array.of(102))];
      expect(await now(waiting[0]!)).toBe('pending');

      for (const sending of [fills.at(-1)!, ...waiting]) {
        const reason = new Error(`not wanted: ${sending.packet[0]}`);
        sending.controller.abort(reason);
        let immediate: unknown = 'pending';
        void sending.ended.then((ended) => {
          immediate = ended;
        });
        await new Promise(process.nextTick);
        expect(immediate).toEqual({ error: reason });
      }

      harness.stall?.(false);
      handled.open();
      const last = Uint8Array.of(103);
      await communicator.send('a', last);
      while (inbox.arrivals.at(-1)?.packet[0] !== last[0]) {
        await inbox.count(inbox.arrivals.length + 1);
      }
      const sent = fills.slice(0, -1).map(({ packet }) => packet);
      const arrived = inbox.packets('a');
      const mayBeSent = arrived.length === sent.length + 2 ? [fills.at(-1)!.packet] : [];
      expect(arrived.map(digest)).toEqual([...sent, ...mayBeSent, last].map(digest));
    });
  });
}
