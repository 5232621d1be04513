import { type FSWatcher, lstatSync, readlinkSync, watch } from 'node:fs';
import path from 'node:path';

/** The directory in which the kernel creates device nodes. */
const DEVICE_FOLDER = '/dev';

/** Names of the nodes that may be serial ports, and of the folder of their links. */
const PORT_NAME = /^(tty|serial|rfcomm)/;

/** More links than this never lead to a port. */
const MAX_LINKS = 8;

/**
 * - `appeared`: a device node may have appeared
 * - `changed`: an existing node changed, for example its permissions. Writing to a node also changes it
 */
export type DeviceChange = 'appeared' | 'changed';

/** Instead of the name of a file. */
const ALL_FILES = Symbol('all files');

/** Instead of the name of a file: keeps a folder watched. */
const NO_FILE = Symbol('no file');

type FileName = string | typeof ALL_FILES | typeof NO_FILE;

/** Gets the name of the file that was added, removed or changed. Null: any may have been. */
type Listener = (event: 'rename' | 'change', file: string | null) => void;

interface Folder {
  /** Undefined while the folder cannot be watched, for example because it does not exist. */
  watcher: FSWatcher | undefined;
  /** By the name of the file that they are about, so that each of hundreds of returning nodes finds its own. */
  readonly listeners: Map<FileName, Set<Listener>>;
}

/**
 * Reports that a device may have been plugged in, so that a lost connection need not try to open its port often. Each
 * folder is watched once, however many connections wait. On systems without `/dev` it reports nothing.
 */
class DeviceWatch {
  readonly #folders = new Map<string, Folder>();

  /**
   * Calls `onChange` when the node at `portPath` appears or changes, or the one to which a link at `portPath` leads.
   *
   * @returns a function that ends the watch
   */
  addPath(portPath: string, onChange: (change: DeviceChange) => void): () => void {
    const ends = withLinkTargets(portPath).map((file) =>
      this.#listen(path.dirname(file), path.basename(file), (event, name) => {
        if (event === 'change') {
          onChange('changed');
        } else if (name === null || exists(file)) {
          onChange('appeared');
        }
      }),
    );
    // If the folder of the port cannot be watched, its listeners hear of every node in this one.
    ends.push(this.#listen(DEVICE_FOLDER, NO_FILE, () => undefined));
    return () => endAll(ends);
  }

  /**
   * Calls `onChange` when any node that may be a serial port is added or removed.
   *
   * @returns a function that ends the watch
   */
  addAll(onChange: () => void): () => void {
    return this.#listen(DEVICE_FOLDER, ALL_FILES, (event, file) => {
      if (event === 'rename' && (file === null || PORT_NAME.test(file))) {
        onChange();
      }
    });
  }

  #listen(folder: string, name: FileName, listener: Listener): () => void {
    const entry = this.#folders.get(folder) ?? this.#add(folder);
    const { listeners } = entry;
    const ofName = listeners.get(name) ?? new Set();
    listeners.set(name, ofName.add(listener));
    return () => {
      ofName.delete(listener);
      if (ofName.size === 0 && listeners.get(name) === ofName) {
        listeners.delete(name);
      }
      if (listeners.size === 0 && this.#folders.get(folder) === entry) {
        entry.watcher?.close();
        this.#folders.delete(folder);
      }
    };
  }

  #add(folder: string): Folder {
    const entry: Folder = { watcher: undefined, listeners: new Map() };
    this.#folders.set(folder, entry);
    this.#watch(folder, entry);
    return entry;
  }

  #watch(folder: string, entry: Folder): void {
    let watcher: FSWatcher;
    try {
      watcher = watch(folder, { persistent: false });
    } catch {
      // No such folder, or the limit of watches is reached. Reconnecting then depends on `/dev` and its timer.
      return;
    }
    entry.watcher = watcher;
    const end = () => {
      watcher.close();
      entry.watcher = undefined;
    };
    watcher.on('error', end);
    watcher.on('change', (event, file) => {
      const name = file === null ? null : String(file);
      if (event === 'rename' && name === path.basename(folder)) {
        // The folder was removed: this watch reports nothing more. The folder may exist again, with new nodes.
        end();
        this.#watch(folder, entry);
        if (entry.watcher !== undefined) {
          report(entry, 'rename', null);
        }
        return;
      }
      report(entry, event === 'rename' ? 'rename' : 'change', name);
      if (folder === DEVICE_FOLDER && event === 'rename' && (name === null || PORT_NAME.test(name))) {
        this.#reportUnwatched();
      }
    });
  }

  /** A node was added or removed, and perhaps a folder that could not be watched before. */
  #reportUnwatched(): void {
    for (const [folder, entry] of this.#folders) {
      if (entry.watcher === undefined) {
        this.#watch(folder, entry);
        report(entry, 'rename', null);
      }
    }
  }
}

/** The watch that all connections of the process share. */
export const deviceWatch = new DeviceWatch();

function report({ listeners }: Folder, event: 'rename' | 'change', file: string | null): void {
  const concerned =
    file === null ? [...listeners.values()] : [listeners.get(file) ?? [], listeners.get(ALL_FILES) ?? []];
  for (const listener of concerned.flatMap((each) => [...each])) {
    listener(event, file);
  }
}

/** The path, and the paths to which its links lead, the last of which may be missing. */
function withLinkTargets(portPath: string): string[] {
  const paths = [portPath];
  try {
    for (let file = portPath; paths.length <= MAX_LINKS; paths.push(file)) {
      file = path.resolve(path.dirname(file), readlinkSync(file));
    }
  } catch {
    // Not a link.
  }
  return paths;
}

function exists(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function endAll(ends: readonly (() => void)[]): void {
  for (const end of ends) {
    end();
  }
}
