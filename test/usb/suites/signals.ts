import { describe, expect, test } from 'vitest';
import { factsOf } from '../facts.js';

export function describeSignals(): void {
  describe('control lines', () => {
    const facts = factsOf<{
      gadget: { seen: { isOpen: boolean; dsr: boolean; dcd: boolean }[]; set: string; afterUnplug: string[] };
      adapter: { set: string[]; afterUnplug: string[] };
    }>('signals');

    test('signals reads DSR and DCD, which a gadget raises while its device end is open', async () => {
      const { seen } = (await facts()).gadget;
      expect(seen).toEqual([true, false, true].map((isOpen) => ({ isOpen, dsr: isOpen, dcd: isOpen })));
    });

    test('dtr and rts in the settings, and setSignals, work on an adapter on ftdi_sio', async () => {
      expect((await facts()).adapter.set).toEqual(['done', 'done', 'done', 'done']);
    });

    test('setSignals rejects with SIGNALS_ERROR on a device on cdc_acm without break', async () => {
      expect((await facts()).gadget.set).toBe('SIGNALS_ERROR');
    });

    test('signals and setSignals reject with CONNECTION_LOST after an unplug', async () => {
      const { gadget, adapter } = await facts();
      expect([gadget.afterUnplug, adapter.afterUnplug]).toEqual(Array(2).fill(['CONNECTION_LOST', 'CONNECTION_LOST']));
    });
  });
}
