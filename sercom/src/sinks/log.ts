import { stat } from 'node:fs/promises';
import { option } from '../options/define.js';
import { integer } from '../options/values.js';
import { logLine } from '../records/log-line.js';
import type { PacketRecord } from '../records/record.js';
import { defineSink } from './define.js';
import { FileSink } from './file-sink.js';
import type { OutputFile } from './output-file.js';

export const logSink = defineSink('log', {
  description: 'write a line for each packet and rejected frame to a file',
  options: {
    logBytes: option('--log-size <bytes>', 'continue in FILE.1, FILE.2, … so that no file exceeds this size', {
      parse: integer(1_024),
      needs: ['log'],
    }),
  },
  open: (file, { logBytes }) => new Log(file, logBytes),
});

/**
 * A line of text for each record. With `maxBytes`, the log continues in `FILE.1`, `FILE.2` and so on; existing files are
 * skipped unless forced.
 */
class Log extends FileSink {
  readonly #path: string;
  readonly #isForced: boolean;
  readonly #maxBytes: number;
  #bytes = 0;
  #files = 0;
  /** Set while one file is closed and the next is opened. Lines wait until then. */
  #rotation: Promise<void> | undefined;
  #waiting: string[] = [];
  #waitingBytes = 0;

  constructor(file: OutputFile, maxBytes = Number.POSITIVE_INFINITY) {
    super(file);
    this.#path = file.path;
    this.#isForced = file.isForced;
    this.#maxBytes = maxBytes;
  }

  write(record: PacketRecord): void | Promise<void> {
    return this.#putLine(`${logLine(record)}\n`);
  }

  remark(text: string): void {
    void this.#putLine(`# ${text}\n`);
  }

  override async close(lostRecords?: number): Promise<void> {
    // The lines that waited for one file may fill it as well.
    while (this.#rotation !== undefined) {
      await this.#rotation;
    }
    await super.close(lostRecords);
  }

  protected override get waitingBytes(): number {
    return super.waitingBytes + this.#waitingBytes;
  }

  #putLine(line: string): void | Promise<void> {
    if (this.hasEnded) {
      return;
    }
    // Counting the bytes of each line is slow, and only limited files need it.
    const bytes = this.#maxBytes === Number.POSITIVE_INFINITY ? line.length : Buffer.byteLength(line);
    if (this.#rotation === undefined && this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) {
      this.#rotation = this.#rotate();
    }
    if (this.#rotation !== undefined) {
      this.#waiting.push(line);
      this.#waitingBytes += bytes;
      return this.#rotation;
    }
    this.#bytes += bytes;
    return this.put(line);
  }

  async #rotate(): Promise<void> {
    await this.continueIn(await this.#nextPath());
    this.#bytes = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#rotation = undefined;
    for (const line of waiting) {
      void this.#putLine(line);
    }
  }

  async #nextPath(): Promise<string> {
    while (true) {
      const path = `${this.#path}.${++this.#files}`;
      if (this.#isForced || !(await exists(path))) {
        return path;
      }
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
