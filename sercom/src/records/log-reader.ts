import { linesOf } from '../text/lines.js';
import { parseLogLine } from './log-line.js';
import { type LogNote, parseLogNote } from './log-notes.js';
import type { PacketRecord } from './record.js';

/**
 * Reads a log. Lines that begin with `#` are comments.
 *
 * @param takeNote - gets what comments say, before the record that follows. Default: comments are skipped
 * @throws Error at the first invalid line; its message begins with the number of the line
 */
export async function* readLog(
  chunks: AsyncIterable<Uint8Array>,
  takeNote?: (note: LogNote) => void,
): AsyncGenerator<PacketRecord> {
  for await (const { text, number, isEnded } of linesOf(chunks)) {
    if (text.startsWith('#')) {
      const note = takeNote && parseLogNote(text);
      if (note !== undefined) {
        takeNote?.(note);
      }
      continue;
    }
    if (!isEnded) {
      throw new Error(`line ${number}: truncated line; what is before it has been read`);
    }
    let record: PacketRecord;
    try {
      record = parseLogLine(text);
    } catch (error) {
      throw new Error(`line ${number}: ${(error as Error).message}`, { cause: error });
    }
    yield record;
  }
}
