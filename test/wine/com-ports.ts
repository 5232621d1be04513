import { type FSWatcher, watch } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openPtyPair, PtyEchoDevice, type PtyPair } from '../support/pty-pair.js';
import type { PortAction } from './guest/com-port.js';

/** Number of COM ports. */
const PORTS = 4;

/**
 * Wine passes on the last byte of what has arrived only when another one follows. So each reply ends with a second delimiter,
 * which means nothing.
 */
const SPARE = Uint8Array.of(0);

interface Plugged {
  pair: PtyPair;
  device: PtyEchoDevice;
}

/** The devices at the COM ports. Each echoes every packet. Tests that run on Windows command them by files in a folder. */
export class ComPorts {
  /** Where commands arrive. */
  readonly folder: string;
  /** The paths that stand for COM1, COM2 and so on. Each is a link while a device is plugged in. */
  readonly paths: readonly string[];
  readonly #plugged = new Map<number, Plugged>();
  readonly #watcher: FSWatcher;
  readonly #obeyed = new Set<string>();

  private constructor(folder: string, paths: readonly string[]) {
    this.folder = folder;
    this.paths = paths;
    this.#watcher = watch(folder, (_, file) => {
      const [, action, port] = /^[\d-]+\.(\w+)\.(\d+)$/.exec(file ?? '') ?? [];
      if (port !== undefined && !this.#obeyed.has(file!)) {
        this.#obeyed.add(file!);
        void this.#obey(Number(port), action as PortAction, path.join(folder, file!));
      }
    });
  }

  static async create(folder: string): Promise<ComPorts> {
    const commands = path.join(folder, 'commands');
    await mkdir(commands);
    return new ComPorts(commands, ComPorts.pathsIn(folder));
  }

  static pathsIn(folder: string): readonly string[] {
    return Array.from({ length: PORTS }, (_, index) => path.join(folder, `com${index + 1}`));
  }

  /** Plugs in a new device. */
  async plug(port: number): Promise<void> {
    await this.unplug(port);
    const pair = await openPtyPair();
    this.#plugged.set(port, { pair, device: new PtyEchoDevice(pair.devicePath, SPARE) });
    await symlink(pair.hostPath, `${this.#link(port)}.new`);
    await rename(`${this.#link(port)}.new`, this.#link(port));
  }

  async unplug(port: number): Promise<void> {
    const plugged = this.#plugged.get(port);
    this.#plugged.delete(port);
    await rm(this.#link(port), { force: true });
    await plugged?.device.close();
    await plugged?.pair.close();
  }

  /** Sends a packet from the device that is plugged in. */
  send(port: number, packet: Uint8Array): void {
    this.#plugged.get(port)!.device.send(packet);
  }

  async close(): Promise<void> {
    this.#watcher.close();
    await Promise.all([...this.#plugged.keys()].map((port) => this.unplug(port)));
  }

  #link(port: number): string {
    return this.paths[port - 1]!;
  }

  async #obey(port: number, action: PortAction, file: string): Promise<void> {
    const device = this.#plugged.get(port)?.device;
    const actions = {
      plug: () => this.plug(port),
      unplug: () => this.unplug(port),
      stall: () => device?.pause(),
      unstall: () => device?.resume(),
    };
    await actions[action]();
    await writeFile(`${file}.done`, '');
  }
}
