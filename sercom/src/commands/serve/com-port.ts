import { setTimeout as delay } from 'node:timers/promises';
import type { SignalSettings, Signals } from 'serial-communicator';
import { printMessage } from '../../terminal/message.js';
import type { Client } from './client.js';
import { describeSettings, type LineSettings } from './line-settings.js';

/** How often the lines of the device are read while a client wants to know them. */
const POLL_MS = 100;

/** How soon they are read again if that failed: the port may have none, or be disconnected. */
const RETRY_MS = 1_000;

/** How long a change of settings waits until the port has accepted what the client has sent before. */
const BEFORE_CHANGE_MS = 1_000;

/** The port, as far as RFC 2217 controls it. */
export interface ControlledPort {
  readonly settings: Readonly<LineSettings>;
  change(changes: Partial<LineSettings>): Promise<void>;
  setSignals(signals: SignalSettings): Promise<void>;
  signals(): Promise<Signals>;
}

/** Gets the lines that the device sets: at first, and when they change. */
export type SignalsListener = (signals: Signals) => void;

/** What the RFC 2217 clients of a port share: its settings and control lines, which belong to the first of them. */
export class ComPort {
  readonly #port: ControlledPort;
  readonly #opened: Required<SignalSettings>;
  readonly #isReadOnly: boolean;
  /** The lines that the host sets. */
  #lines: Required<SignalSettings>;
  /** Who may change settings and lines. */
  #owner: Client | undefined;
  /** Who has been reported because it wants to set lines. */
  readonly #refused = new WeakSet<Client>();
  readonly #listeners = new Set<SignalsListener>();
  #polling: AbortController | undefined;
  #signals: Signals | undefined;

  /**
   * @param opened - the lines after opening
   * @param isReadOnly - whether no client may change anything
   */
  constructor(port: ControlledPort, opened: Required<SignalSettings>, isReadOnly: boolean) {
    this.#port = port;
    this.#opened = opened;
    this.#isReadOnly = isReadOnly;
    this.#lines = opened;
  }

  /** The settings of the line now. */
  get settings(): Readonly<LineSettings> {
    return this.#port.settings;
  }

  /** The control lines that the host sets, as they are now. */
  get lines(): Readonly<Required<SignalSettings>> {
    return this.#lines;
  }

  /** The port was opened. */
  opened(): void {
    this.#lines = this.#opened;
  }

  /** Changes settings of the line, unless they belong to another client, or the port cannot do it. */
  async change(client: Client, changes: Partial<LineSettings>): Promise<void> {
    const { settings } = this;
    const names = Object.keys(changes) as (keyof LineSettings)[];
    if (names.every((name) => changes[name] === settings[name])) {
      return;
    }
    const refusal = this.#refusal(client);
    if (refusal !== undefined) {
      printMessage(`${client.name} wants ${describeSettings({ ...settings, ...changes })}: ${refusal}`);
      return;
    }
    await Promise.race([client.lane.idle(), delay(BEFORE_CHANGE_MS, undefined, { ref: false })]);
    try {
      await this.#port.change(changes);
      printMessage(`${client.name} set ${describeSettings(this.settings)}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      printMessage(`${client.name}: cannot set ${describeSettings({ ...settings, ...changes })}: ${why}`);
    }
  }

  /** Sets control lines, unless they belong to another client, or the port has none. */
  async setLines(client: Client, lines: SignalSettings): Promise<void> {
    const names = Object.keys(lines) as (keyof SignalSettings)[];
    if (names.every((name) => lines[name] === this.#lines[name])) {
      return;
    }
    const refusal = this.#refusal(client);
    if (refusal !== undefined) {
      // A program that resets a board sets them many times.
      if (!this.#refused.has(client)) {
        this.#refused.add(client);
        printMessage(`${client.name} wants to set DTR, RTS or break: ${refusal}`);
      }
      return;
    }
    const before = this.#lines;
    try {
      await this.#port.setSignals(lines);
      // If the port was opened again meanwhile, its lines are as after opening.
      this.#lines = this.#lines === before ? { ...before, ...lines } : this.#lines;
    } catch {
      // The answer says so: it has the current state.
    }
  }

  /** A client has left. */
  left(client: Client): void {
    if (this.#owner === client) {
      this.#owner = undefined;
      if (this.#lines.brk) {
        this.#port.setSignals({ brk: false }).catch(() => {});
        this.#lines = { ...this.#lines, brk: false };
      }
    }
  }

  /** Reports the lines that the device sets, until the returned function is called. Nothing is reported if there are none. */
  watchSignals(listener: SignalsListener): () => void {
    this.#listeners.add(listener);
    if (this.#signals !== undefined) {
      listener(this.#signals);
    }
    if (this.#polling === undefined) {
      this.#polling = new AbortController();
      void this.#poll(this.#polling.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) {
        this.#polling?.abort();
        this.#polling = undefined;
        this.#signals = undefined;
      }
    };
  }

  /** Why a client may change nothing. Undefined if it may: the first one that asks, until it leaves. */
  #refusal(client: Client): string | undefined {
    if (this.#isReadOnly) {
      return 'the settings are kept (--read-only)';
    }
    this.#owner ??= client;
    return this.#owner === client ? undefined : `the settings belong to ${this.#owner.name}, so they are kept`;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const signals = await this.#port.signals().catch(() => undefined);
      if (signal.aborted) {
        return;
      }
      const before = this.#signals;
      if (
        signals !== undefined &&
        (before === undefined || signals.cts !== before.cts || signals.dsr !== before.dsr || signals.dcd !== before.dcd)
      ) {
        this.#signals = signals;
        for (const listener of this.#listeners) {
          listener(signals);
        }
      }
      await delay(signals === undefined ? RETRY_MS : POLL_MS, undefined, { signal }).catch(() => {});
    }
  }
}
