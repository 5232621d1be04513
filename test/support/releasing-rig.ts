import { expect, onTestFinished, vi } from 'vitest';
import { type Binding, SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { Inbox } from './inbox.js';

export const PACKET = Uint8Array.of(1, 2, 3);

export const FAST = { minDelayMs: 1, maxDelayMs: 2 };

/** A connection to an echoing mock device. Attempts to open its port wait while `hold` is set. */
export class ReleasingRig {
  readonly device = new MockDevice({ path: '/dev/arm', echo: true });
  readonly inbox = new Inbox();
  readonly disconnects: string[] = [];
  readonly serial: SerialCommunicator;
  hold: Promise<void> | undefined;
  attempts = 0;

  /** @param wrap - wraps the binding of the device */
  constructor(settings: Partial<SerialConnection>, wrap = (binding: Binding) => binding) {
    const inner = wrap(mockBinding(this.device));
    const open: Binding['open'] = async (options) => {
      this.attempts++;
      await this.hold;
      return inner.open(options);
    };
    this.serial = new SerialCommunicator({ binding: { list: () => inner.list(), open }, shutdownTimeoutMs: 200 });
    this.serial.setReceiveHandler(this.inbox.handler);
    this.serial.on('disconnected', ({ error, willReconnect }) =>
      this.disconnects.push(`${error.code} ${willReconnect}`),
    );
    this.serial.addConnection('arm', { path: '/dev/arm', baudRate: 9_600, reconnect: FAST, ...settings });
    onTestFinished(() => this.serial[Symbol.asyncDispose]());
  }

  get arm() {
    return this.serial.connection('arm');
  }

  /** The port is closed, and stays closed. */
  async expectReleased(): Promise<void> {
    expect(this.serial.connectionError('arm')).toMatchObject({ code: 'CONNECTION_RELEASED' });
    const { attempts } = this;
    // An attempt would be due after 2 ms.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(this.attempts).toBe(attempts);
    expect(this.device.openOptions).toBeUndefined();
    expect(this.serial.connectionState('arm')).toBe('disconnected');
    await expect(this.serial.send('arm', PACKET)).rejects.toMatchObject({ code: 'CONNECTION_RELEASED' });
  }

  async expectEcho(): Promise<void> {
    const packet = Uint8Array.of(100, this.inbox.arrivals.length);
    await this.serial.send('arm', packet);
    await vi.waitFor(() => expect(this.inbox.packets('arm')).toContainEqual(packet));
  }
}

/** Unplugs the device, and waits until that is noticed. */
export async function lose(rig: ReleasingRig): Promise<void> {
  const lost = new Promise((resolve) => rig.serial.once('disconnected', resolve));
  rig.device.unplug();
  await lost;
}
