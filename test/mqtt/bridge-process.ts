import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { SerialSettings } from '../../src/index.js';
import type { MqttBridgeOptions } from '../../src/mqtt/index.js';
import type { Mosquitto } from '../support/mosquitto.js';

/** A bridge in a process of its own, with the built library. It ends with the test. */
export class BridgeProcess {
  readonly #arguments: string[];
  #child: ChildProcess | undefined;
  #printed = '';
  #wake: (() => void) | undefined;

  constructor(
    broker: Mosquitto,
    portPath: string,
    settings: SerialSettings = {},
    options: Partial<MqttBridgeOptions> = {},
  ) {
    const bridge = { url: broker.url, name: 'bench', maxReconnectDelayMs: 200, ...options };
    const parameters = JSON.stringify({ path: portPath, settings, bridge });
    this.#arguments = [path.join(import.meta.dirname, 'bridge-process.mjs'), parameters];
    onTestFinished(() => this.kill());
  }

  /** Resolves when it is online. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#arguments, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.#printed = '';
    child.stdout.on('data', (chunk) => {
      this.#printed += chunk;
      this.#wake?.();
    });
    await this.printed('online');
  }

  /** Resolves when it has printed a text since it was started. */
  async printed(text: string): Promise<void> {
    const exited = once(this.#child!, 'exit').then(([code]) => {
      throw new Error(`the bridge exited with ${code}`);
    });
    while (!this.#printed.includes(text)) {
      const more = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([more, exited]);
    }
    exited.catch(() => undefined);
  }

  /** Kills it without a farewell. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  /** Stops it from running, or lets it run again. */
  pause(isPaused: boolean): void {
    this.#child!.kill(isPaused ? 'SIGSTOP' : 'SIGCONT');
  }
}
