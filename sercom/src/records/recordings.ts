import { setMaxListeners } from 'node:events';
import { stat } from 'node:fs/promises';
import type { PacketRecord } from './record.js';
import { readRecording } from './recording.js';

/** A recording that has not ended. */
interface Part {
  /** Its next record. */
  next: PacketRecord;
  /** The records after it. Not open if the file is to be opened again when its turn comes. */
  records: AsyncGenerator<PacketRecord> | undefined;
  readonly file: string;
}

/**
 * Reads several recordings as one, in the order of time. Each recording keeps its own order, also where its clock stepped
 * back. A file is open only from the time of its first record on, so that there may be many.
 *
 * @throws CliError (failure) as {@link readRecording} does
 */
export async function* readRecordings(files: readonly string[], signal: AbortSignal): AsyncGenerator<PacketRecord> {
  if (files.length === 1) {
    yield* readRecording(files[0]!, signal);
    return;
  }
  // Each open file listens to the signal. Without this, Node.js warns of a leak when there are more than ten.
  setMaxListeners(0, signal);
  // Sorted by the time of their next record.
  const parts: Part[] = [];
  let current: Part | undefined;
  try {
    for (const file of files) {
      insert(await firstOf(file, signal), parts);
    }
    for (current = parts.shift(); current !== undefined; current = parts.shift()) {
      if (current.records === undefined) {
        current.records = readRecording(current.file, signal);
        await current.records.next();
      }
      yield current.next;
      const { value, done } = await current.records.next();
      if (!done) {
        current.next = value;
        insert(current, parts);
      }
    }
  } finally {
    await Promise.all([current, ...parts].map((part) => part?.records?.return(undefined)));
  }
}

/** The first record of a file. A file that can be read again is closed. */
async function firstOf(file: string, signal: AbortSignal): Promise<Part | undefined> {
  const records = readRecording(file, signal);
  const { value: next, done } = await records.next();
  if (done) {
    return undefined;
  }
  if (file === '-' || !(await stat(file)).isFile()) {
    return { next, records, file };
  }
  await records.return(undefined);
  return { next, records: undefined, file };
}

/** Inserts a part where its time belongs. One that is being read comes before others with the same time. */
function insert(part: Part | undefined, parts: Part[]): void {
  if (part === undefined) {
    return;
  }
  const { timeUs } = part.next;
  const isLater = ({ next }: Part) => (part.records === undefined ? next.timeUs > timeUs : next.timeUs >= timeUs);
  const index = parts.findIndex(isLater);
  parts.splice(index < 0 ? parts.length : index, 0, part);
}
