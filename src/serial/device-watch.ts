import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';

/** Where the kernel puts the nodes of devices. */
const DEVICE_FOLDER = '/dev';

/**
 * What may have happened: a node was made (or taken away), or something about one that is there was changed, perhaps
 * who may open it. A node that is written to changes as well.
 */
export type DeviceChange = 'made' | 'changed';

type Listener = (change: DeviceChange, file: string | null) => void;

/** What a new node must be called to be of interest to those who wait for some port. */
const PORT_NAME = /^(tty|serial|rfcomm)/;

/**
 * Tells when a device may have come, so that nobody who waits for one has to try often. Where the operating system has
 * no `/dev`, it tells nothing.
 */
export class DeviceWatch {
  readonly #watchers = new Map<string, { watcher: FSWatcher; listeners: Set<Listener> }>();

  /**
   * Calls `onChange` when the node of some port was made, or the one at `portPath` changed.
   *
   * @returns what ends it
   */
  add(portPath: string | undefined, onChange: (change: DeviceChange) => void): () => void {
    const name = portPath === undefined ? undefined : path.basename(portPath);
    const folders = new Set([DEVICE_FOLDER, ...(portPath === undefined ? [] : [path.dirname(portPath)])]);
    const ends = [...folders].map((folder) =>
      this.#listen(folder, (change, file) => {
        if (file === null || file === name || (change === 'made' && PORT_NAME.test(file))) {
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
      // No such folder, or no watches left: then trying again and again has to do.
      return undefined;
    }
    const entry = { watcher, listeners };
    watcher.on('change', (event, file) => {
      for (const listener of [...listeners]) {
        listener(event === 'rename' ? 'made' : 'changed', file === null ? null : String(file));
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
