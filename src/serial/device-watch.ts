import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';

/** The directory in which the kernel creates device nodes. */
const DEVICE_FOLDER = '/dev';

/**
 * - `added-or-removed`: a device node appeared or vanished
 * - `changed`: an existing node changed, for example its permissions. Writing to a node also changes it
 */
export type DeviceChange = 'added-or-removed' | 'changed';

type Listener = (change: DeviceChange, file: string | null) => void;

/** Names of the nodes that may be serial ports. */
const PORT_NAME = /^(tty|serial|rfcomm)/;

/**
 * Reports that a device may have been plugged in, so that a lost connection need not try to open its port often. On
 * systems without `/dev` it reports nothing.
 */
export class DeviceWatch {
  readonly #watchers = new Map<string, { watcher: FSWatcher; listeners: Set<Listener> }>();

  /**
   * Calls `onChange` when the node of any port is added or removed, or the one at `portPath` changes.
   *
   * @returns a function that ends the watch
   */
  add(portPath: string | undefined, onChange: (change: DeviceChange) => void): () => void {
    const name = portPath === undefined ? undefined : path.basename(portPath);
    const folders = new Set([DEVICE_FOLDER, ...(portPath === undefined ? [] : [path.dirname(portPath)])]);
    const ends = [...folders].map((folder) =>
      this.#listen(folder, (change, file) => {
        if (file === null || file === name || (change === 'added-or-removed' && PORT_NAME.test(file))) {
          onChange(change);
        }
      }),
    );
    return () => {
      for (const end of ends) {
        end();
      }
    };
  }

  #listen(folder: string, listener: Listener): () => void {
    const entry = this.#watchers.get(folder) ?? this.#open(folder);
    entry?.listeners.add(listener);
    return () => {
      entry?.listeners.delete(listener);
      if (entry?.listeners.size === 0 && this.#watchers.get(folder) === entry) {
        this.#watchers.delete(folder);
        entry.watcher.close();
      }
    };
  }

  #open(folder: string) {
    const listeners = new Set<Listener>();
    let watcher: FSWatcher;
    try {
      watcher = watch(folder, { persistent: false });
    } catch {
      // No such directory, or the watch limit is reached. Reconnecting then depends on its timer alone.
      return undefined;
    }
    const entry = { watcher, listeners };
    watcher.on('change', (event, file) => {
      for (const listener of [...listeners]) {
        listener(event === 'rename' ? 'added-or-removed' : 'changed', file === null ? null : String(file));
      }
    });
    watcher.on('error', () => {
      watcher.close();
      if (this.#watchers.get(folder) === entry) {
        this.#watchers.delete(folder);
      }
    });
    this.#watchers.set(folder, entry);
    return entry;
  }
}
