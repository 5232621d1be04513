import type { Port, PortListener, PortOpenOptions } from '../serial/port.js';
import { PortState } from '../serial/port-state.js';
import { Delivery } from './delivery.js';

/** The part that all ports of simulated devices share. By default, the device sends nothing and ignores control lines. */
export abstract class DevicePort implements Port {
  readonly openOptions: Required<PortOpenOptions>;
  /** Called when the host closes the port. Resolves when the port can be opened again. */
  onClosed: () => void | Promise<void> = () => {};
  protected readonly state = new PortState();
  /** A port that has bytes for the host calls its `plan`. */
  protected readonly delivery = new Delivery(this.state, () => this.deliver());
  #baudRate: number;

  constructor(openOptions: Required<PortOpenOptions>) {
    this.openOptions = openOptions;
    this.#baudRate = openOptions.baudRate;
  }

  get isOpen(): boolean {
    return this.state.isOpen;
  }

  start(listener: PortListener): void {
    this.state.start(listener);
  }

  resume(): void {
    this.state.resume();
    this.delivery.plan();
  }

  /** As {@link Port.write}. Begins with `this.state.assertCanWrite()`. */
  abstract write(bytes: Uint8Array): Promise<void> | undefined;

  /** The device was unplugged: all that is pending, and every later call except {@link close}, rejects with `error`. */
  lose(error: Error): void {
    this.discard(error);
    this.state.fail(error);
  }

  async close(): Promise<void> {
    this.state.close();
    this.discard(Object.assign(new Error('Port is closed'), { canceled: true }));
    await this.onClosed();
  }

  async flush(): Promise<void> {
    this.state.assertUsable();
  }

  drain(): Promise<void> {
    return this.state.drainWrite();
  }

  async update({ baudRate }: { baudRate: number }): Promise<void> {
    this.state.assertUsable();
    this.#baudRate = baudRate;
  }

  async set(_signals: Parameters<Port['set']>[0]): Promise<void> {
    this.state.assertUsable();
  }

  /** Returns what Linux reports for the USB interface of an Uno, which has none of these lines. */
  async get(): ReturnType<Port['get']> {
    this.state.assertUsable();
    return { cts: true, dsr: false, dcd: false };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.state.assertUsable();
    return { baudRate: this.#baudRate };
  }

  /** Passes the next chunk to the host, if there is one: `this.state.receive(chunk)`. */
  protected deliver(): void {}

  /** The port is about to hang up, or was closed: discards what is in it. */
  protected discard(_error: Error): void {}
}
