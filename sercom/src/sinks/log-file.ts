import { stat } from 'node:fs/promises';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { logLine, parseLogLine } from '../records/log-line.js';
import type { PacketRecord } from '../records/packet-record.js';
import { linesOf } from '../text/lines.js';
import { ByteWriter, FULL_BYTES } from './byte-writer.js';
import { type OutputFile, openForWriting } from './open-file.js';
import type { RecordSink } from './record-sink.js';

export interface LogFileOptions {
  /** Goes on in another file before one is longer, in bytes. Default: one file. */
  maxBytes?: number | undefined;
  /** Overwrite files that are there. */
  force?: boolean | undefined;
  /** Leave things as they are until the log begins. */
  deferred?: boolean | undefined;
}

/**
 * Opens a log: a line for each record, written as they come. With `maxBytes` it goes on in `FILE.1`, `FILE.2` and so
 * on; those that are there are left out unless forced.
 *
 * @throws CliError if the file is there (wrong use) or cannot be opened
 */
export async function openLogFile(path: string, options: LogFileOptions = {}): Promise<RecordSink> {
  const log = new LogFile(path, await openForWriting(path, options.force === true, '--log'), options);
  if (options.deferred !== true) {
    log.begin();
  }
  return log;
}

class LogFile implements RecordSink {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #force: boolean;
  #file: OutputFile;
  #writer: ByteWriter;
  #bytes = 0;
  #files = 0;
  /** Set while one file is closed and the next is opened; the lines wait meanwhile. */
  #changing: Promise<void> | undefined;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #failure: CliError | undefined;
  #settleEnded: { resolve(): void; reject(error: Error): void } = { resolve() {}, reject() {} };

  readonly ended: Promise<void>;

  constructor(path: string, file: OutputFile, { maxBytes, force }: LogFileOptions) {
    this.#path = path;
    this.#maxBytes = maxBytes ?? Number.POSITIVE_INFINITY;
    this.#force = force === true;
    this.ended = new Promise((resolve, reject) => {
      this.#settleEnded = { resolve, reject };
    });
    this.ended.catch(() => {});
    this.#file = file;
    this.#writer = this.#writerTo(file);
  }

  get isFull(): boolean {
    return this.#changing === undefined
      ? this.#writer.isFull
      : this.#waitingBytes + this.#writer.waitingBytes > FULL_BYTES;
  }

  begin(): void {
    this.#file.begin();
  }

  write(record: PacketRecord): void | Promise<void> {
    return this.#put(`${logLine(record)}\n`);
  }

  remark(text: string): void {
    void this.#put(`# ${text}\n`);
  }

  async close(): Promise<void> {
    // The lines that waited for one file may fill it, too.
    while (this.#changing !== undefined) {
      await this.#changing;
    }
    await this.#closeFile();
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  #put(line: string): void | Promise<void> {
    if (this.#failure !== undefined) {
      return;
    }
    // To count the bytes of each line takes time, which only the length of files is worth.
    const bytes = this.#maxBytes === Number.POSITIVE_INFINITY ? line.length : Buffer.byteLength(line);
    if (this.#changing === undefined && this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) {
      this.#changing = this.#nextFile();
    }
    if (this.#changing !== undefined) {
      this.#waiting.push(line);
      this.#waitingBytes += bytes;
      return this.#changing;
    }
    this.#file.begin();
    this.#bytes += bytes;
    return this.#writer.writeText(line);
  }

  async #nextFile(): Promise<void> {
    await this.#closeFile();
    try {
      const path = await this.#nextPath();
      this.#file = await openForWriting(path, this.#force, '--log');
      this.#writer = this.#writerTo(this.#file);
      this.#bytes = 0;
    } catch (error) {
      this.#fail(error as CliError);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#changing = undefined;
    for (const line of waiting) {
      void this.#put(line);
    }
  }

  async #nextPath(): Promise<string> {
    while (true) {
      const path = `${this.#path}.${++this.#files}`;
      if (this.#force || !(await exists(path))) {
        return path;
      }
    }
  }

  async #closeFile(): Promise<void> {
    await this.#writer.flush();
    await this.#file.close();
  }

  #writerTo(file: OutputFile): ByteWriter {
    const writer = new ByteWriter(file.stream);
    void writer.ended.then((error) => {
      if (error === undefined) {
        this.#settleEnded.resolve();
      } else {
        const message = `--log: cannot write ${this.#path}: ${error.message}`;
        this.#fail(new CliError(ExitCode.failure, message, { cause: error }));
      }
    });
    return writer;
  }

  #fail(failure: CliError): void {
    this.#failure ??= failure;
    this.#settleEnded.reject(failure);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * The records of a log. Lines that begin with `#` are comments.
 *
 * @throws Error that begins with the number of the line, at the first that is not understood
 */
export async function* readLog(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<PacketRecord> {
  for await (const { text, number, isEnded } of linesOf(chunks)) {
    if (text.startsWith('#')) {
      continue;
    }
    if (!isEnded) {
      throw new Error(`line ${number}: it is cut off`);
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
