import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import protobuf from 'protobufjs';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { cannotRead } from '../text/file-problem.js';

/** All files together. What describes packets is much smaller. */
const MAX_BYTES = 1_048_576;

/** All files together. Adding a field takes protobuf.js the longer, the more there are. */
const MAX_FIELDS = 4_000;

/** Files with this prefix come with the package. */
const WELL_KNOWN = 'google/protobuf/';

/** Only defines options for nanopb, which do not change what the bytes mean. */
const NANOPB_OPTIONS = 'nanopb.proto';

/**
 * Loads a `.proto` file and what it imports.
 *
 * @param folders - where imports are searched, after the folder of the file that imports them
 * @throws CliError (failure) if a file cannot be read or is not valid; its message names that file
 */
export async function loadProto(file: string, folders: readonly string[]): Promise<protobuf.Root> {
  const root = new protobuf.Root();
  const importedBy = new Map<string, string>();
  let bytes = 0;
  let fields = 0;
  root.resolvePath = (origin, target) => {
    if (origin === '') {
      return target;
    }
    const candidates = [path.dirname(origin), ...folders].map((folder) => path.join(folder, target));
    const found = candidates.find((candidate) => existsSync(candidate)) ?? packaged(target);
    if (found === undefined && target === NANOPB_OPTIONS) {
      return null;
    }
    const resolved = found ?? candidates[0]!;
    importedBy.set(resolved, importedBy.get(resolved) ?? origin);
    return resolved;
  };
  try {
    await new Promise((resolve, reject) => {
      root.fetch = (name, callback) => {
        // The declaration of the callback leaves out null. It throws if the file uses a type that is not defined.
        read(name)
          .then((text) => callback(null as unknown as Error, text), callback)
          .catch(reject);
      };
      root.load(file).then(resolve, reject);
    });
    root.resolveAll();
  } catch (error) {
    throw error instanceof CliError ? error : invalidFile(file, error as Error);
  }
  return root;

  async function read(name: string): Promise<string> {
    try {
      const text = await readRegularFile(name, MAX_BYTES - bytes);
      bytes += Buffer.byteLength(text);
      fields += text.match(/=\s*\d/g)?.length ?? 0;
      if (fields > MAX_FIELDS) {
        throw new Error(`more than ${MAX_FIELDS} fields, with what it imports; leave out what the packets do not use`);
      }
      return text;
    } catch (error) {
      const origin = importedBy.get(name);
      const problem =
        origin === undefined
          ? cannotRead(name, error)
          : cannotRead(`${name}, which ${origin} imports`, error, 'name the folder to search with --proto-path');
      throw new CliError(ExitCode.failure, `--decode: ${problem}`, { cause: error });
    }
  }
}

/** The error for what protobuf.js found. If it was in one file, its message ends with `(FILE, line N)`. */
function invalidFile(file: string, error: Error): CliError {
  const [, reason = error.message, where = file] = /^(.*) \((.*, line \d+)\)$/s.exec(error.message) ?? [];
  return new CliError(ExitCode.failure, `--decode: ${where}: ${reason}; correct the file`, { cause: error });
}

/** A file that comes with the package. Those that protobuf.js knows by itself need no path. */
function packaged(target: string): string | undefined {
  if (!target.startsWith(WELL_KNOWN)) {
    return undefined;
  }
  if (protobuf.common.get(target) !== null) {
    return target;
  }
  try {
    return createRequire(import.meta.url).resolve(`protobufjs/${target}`);
  } catch {
    return undefined;
  }
}

/** Does not wait for the writer of a pipe, and does not read a device, which may have no end. */
async function readRegularFile(name: string, maxBytes: number): Promise<string> {
  // Opening a pipe waits for its writer unless told not to, which Windows neither needs nor knows.
  const handle = await open(name, (constants.O_NONBLOCK ?? 0) | constants.O_RDONLY);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw new Error('not a regular file; name a .proto file');
    }
    if (stats.size > maxBytes) {
      throw new Error(`larger than ${MAX_BYTES} bytes, with what it imports; leave out what the packets do not use`);
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
