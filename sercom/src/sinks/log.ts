import { stat } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import type { CliError } from '../cli-error.js';
import { grouped, option } from '../options/define.js';
import { integer } from '../options/values.js';
import { logLine } from '../records/log-line.js';
import type { PacketRecord } from '../records/record.js';
import { ByteWriter, FULL_BYTES } from '../terminal/byte-writer.js';
import { defineSink } from './define.js';
import { cannotWrite, type OutputFile, openForWriting, reportLoss } from './output-file.js';
import type { FileSink } from './sink.js';

/** `--log` */
export const logSink = defineSink({
  options: grouped('Files:', {
    log: option('--log <file>', 'write a line for each packet and rejected frame to a file', { parse: fileName }),
    logBytes: option('--log-size <bytes>', 'continue in FILE.1, FILE.2, … so that no file exceeds this size', {
      parse: integer(1_024),
      needs: ['log'],
    }),
  }),
  file: 'log',
  open: ({ log, logBytes }, { force }) => (log === undefined ? undefined : openLog(log, { maxBytes: logBytes, force })),
});

function fileName(text: string): string {
  if (text === '-') {
    throw new InvalidArgumentError('Expected a file; --json and --pcapng - write to stdout.');
  }
  return text;
}

export interface LogOptions {
  /** Continue in another file before one exceeds this, in bytes. Default: one file. */
  maxBytes?: number | undefined;
  /** Overwrite existing files. */
  force?: boolean | undefined;
}

/**
 * Opens a log. With `maxBytes` it continues in `FILE.1`, `FILE.2` and so on; existing files are skipped unless forced.
 *
 * @throws CliError if the file exists (usage error) or cannot be opened
 */
export async function openLog(path: string, options: LogOptions = {}): Promise<FileSink> {
  return new Log(path, await openForWriting(path, options.force === true, '--log'), options);
}

class Log implements FileSink {
  readonly whenFull = 'hold';
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #force: boolean;
  #file: OutputFile;
  #writer: ByteWriter;
  #bytes = 0;
  #files = 0;
  /** Set while one file is closed and the next is opened. Lines wait until then. */
  #rotation: Promise<void> | undefined;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #hasEnded = false;
  #failure: CliError | undefined;
  #settleEnded: { resolve(): void; reject(error: Error): void } = { resolve() {}, reject() {} };

  readonly ended: Promise<void>;

  constructor(path: string, file: OutputFile, { maxBytes, force }: LogOptions) {
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
    return this.#rotation === undefined
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

  async close(lostRecords = 0): Promise<void> {
    // The lines that waited for one file may fill it as well.
    while (this.#rotation !== undefined) {
      await this.#rotation;
    }
    await this.#closeFile();
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    if (!this.#hasEnded) {
      reportLoss('--log', lostRecords);
    }
  }

  #put(line: string): void | Promise<void> {
    if (this.#hasEnded) {
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
    this.#file.begin();
    this.#bytes += bytes;
    return this.#writer.writeText(line);
  }

  async #rotate(): Promise<void> {
    await this.#closeFile();
    try {
      const path = await this.#nextPath();
      this.#file = await openForWriting(path, this.#force, '--log');
      this.#writer = this.#writerTo(this.#file);
      this.#bytes = 0;
    } catch (error) {
      this.#end(error as CliError);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#rotation = undefined;
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
    void writer.ended.then(() => this.#end(writer.failure && cannotWrite(this.#path, '--log', writer.failure)));
    return writer;
  }

  #end(failure: CliError | undefined): void {
    this.#hasEnded = true;
    this.#failure ??= failure;
    if (failure === undefined) {
      this.#settleEnded.resolve();
    } else {
      this.#settleEnded.reject(failure);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
