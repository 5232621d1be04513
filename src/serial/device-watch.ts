import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';

/** The directory in which the kernel makes device nodes. */
const DEVICE_DIRECTORY = '/dev';

/**
 * What happened to a device node: it was added or removed, or an existing one changed, for example its permissions.
 * Data written to a node also counts as a change.
 */
export type DeviceChange = 'added-or-removed' | 'changed';

type Listener = (change: DeviceChange, file: string | null) => void;

/** Names of new nodes that can be serial ports. */
const PORT_NAME = /^(tty|serial|rfcomm)/;

/**
 * Reports when a device may have been plugged in, so that a program that waits for one need not try often. Reports
 * nothing on an operating system without `/dev`.
 */
export class DeviceWatch {
  readonly #watchers = new Map<string, { watcher: FSWatcher; listeners: Set<Listener> }>();

  /**
   * Calls `onChange` when the node of any serial port is added or removed, or the one at `portPath` changes.
   *
   * @returns a function that stops watching
   */
  add(portPath: string | undefined, onChange: (change: DeviceChange) => void): () => void {
    const name = portPath === undefined ? undefined : path.basename(portPath);
    const directories = new Set([DEVICE_DIRECTORY, ...(portPath === undefined ? [] : [path.dirname(portPath)])]);
    const stops = [...directories].map((directory) =>
      this.#listen(directory, (change, file) => {
        if (file === null || file === name || (change === 'added-or-removed' && PORT_NAME.test(file))) {
          onChange(change);
        }
      }),
    );
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }

  #listen(directory: string, listener: Listener): () => void {
    const entry = this.#watchers.get(directory) ?? this.#open(directory);
    entry?.listeners.add(listener);
    return () => {
      entry?.listeners.delete(listener);
      if (entry?.listeners.size === 0 && this.#watchers.get(directory) === entry) {
        this.#watchers.delete(directory);
        entry.watcher.close();
      }
    };
  }

  #open(directory: string) {
    const listeners = new Set<Listener>();
    let watcher: FSWatcher;
    try {
      watcher = watch(directory, { persistent: false });
    } catch {
      // No such directory, or the limit of watches is reached. Attempts on a timer have to do.
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
      if (this.#watchers.get(directory) === entry) {
        this.#watchers.delete(directory);
      }
    });
    this.#watchers.set(directory, entry);
    return entry;
  }
}
