import { setMaxListeners } from 'node:events';
import { stat } from 'node:fs/promises';
import type { LogNote } from './log-notes.js';
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
 * @param takeNote - gets the notes of logs, each before the record that follows in its log
 * @throws CliError (failure) as {@link readRecording} does
 */
export function readRecordings(
  files: readonly string[],
  signal: AbortSignal,
  takeNote: (note: LogNote) => void = () => {},
): AsyncGenerator<PacketRecord> {
  // Directly, since each generator in between costs time for each record.
  return files.length === 1 ? readRecording(files[0]!, signal, takeNote) : mergedRecordings(files, signal, takeNote);
}

async function* mergedRecordings(
  files: readonly string[],
  signal: AbortSignal,
  takeNote: (note: LogNote) => void,
): AsyncGenerator<PacketRecord> {
  // Each open file listens to the signal. Without this, Node.js warns of a leak when there are more than ten.
  setMaxListeners(0, signal);
  // Sorted by the time of their next record.
  const parts: Part[] = [];
  let current: Part | undefined;
  try {
    for (const file of files) {
      insert(await firstOf(file, signal, takeNote), parts);
    }
    for (current = parts.shift(); current !== undefined; current = parts.shift()) {
      if (current.records === undefined) {
        current.records = readRecording(current.file, signal, takeNote);
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
async function firstOf(
  file: string,
  signal: AbortSignal,
  takeNote: (note: LogNote) => void,
): Promise<Part | undefined> {
  // Without an answer, reading fails as well, and says why.
  const isPipe = file === '-' || (await stat(file).catch(() => undefined))?.isFile() === false;
  // A file is read again, with the notes before its first record.
  const records = readRecording(file, signal, isPipe ? takeNote : undefined);
  const { value: next, done } = await records.next();
  if (done) {
    // A log may have nothing but notes.
    await (isPipe ? undefined : readRecording(file, signal, takeNote).next());
    return undefined;
  }
  if (isPipe) {
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
