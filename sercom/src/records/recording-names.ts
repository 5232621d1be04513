import { stat } from 'node:fs/promises';
import { readRecording } from './recording.js';

/** The number of records to search. */
const MAX_RECORDS = 1_000;

/** The names of connections at the beginning of recordings. */
export async function namesInRecordings(files: readonly string[]): Promise<string[]> {
  const names = new Set<string>();
  for (const file of files) {
    for (const name of await namesIn(file)) {
      names.add(name);
    }
  }
  return [...names];
}

/** The names at the beginning of a recording; none if it can only be read once. */
async function namesIn(file: string): Promise<Set<string>> {
  const names = new Set<string>();
  try {
    if (file !== '-' && (await stat(file)).isFile()) {
      let records = 0;
      for await (const { name } of readRecording(file)) {
        names.add(name);
        if (++records === MAX_RECORDS) {
          break;
        }
      }
    }
  } catch {
    // Whoever plays it reports what is wrong.
  }
  return names;
}
