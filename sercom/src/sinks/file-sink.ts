import type { CliError } from '../cli-error.js';
import type { PacketRecord } from '../records/record.js';
import { ByteWriter, FULL_BYTES } from '../terminal/byte-writer.js';
import { printMessage } from '../terminal/message.js';
import { count } from '../text/count.js';
import type { OutputFile } from './output-file.js';
import type { RecordSink } from './sink.js';

/** A sink that writes to a file. A subclass encodes the records and passes them to {@link put}. */
export abstract class FileSink implements RecordSink {
  readonly whenFull = 'hold';
  /** What is recorded can be replayed. */
  readonly takesWire = true;
  #file: OutputFile;
  #writer: ByteWriter;
  #hasBegun = false;
  #hasEnded = false;
  #failure: CliError | undefined;
  #settleEnded: { resolve(): void; reject(error: Error): void } = { resolve() {}, reject() {} };

  readonly ended: Promise<void>;

  constructor(file: OutputFile) {
    this.ended = new Promise((resolve, reject) => {
      this.#settleEnded = { resolve, reject };
    });
    this.ended.catch(() => {});
    this.#file = file;
    this.#writer = this.#writerTo(file);
  }

  abstract write(record: PacketRecord): void | Promise<void>;

  get isFull(): boolean {
    return this.waitingBytes > FULL_BYTES;
  }

  begin(): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#file.begin();
      const header = this.header?.();
      if (header !== undefined) {
        void this.put(header);
      }
    }
  }

  async close(lostRecords = 0): Promise<void> {
    await this.#closeFile();
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    if (!this.#hasEnded && lostRecords > 0) {
      // Packets wait, so what was lost are rejected frames.
      const frames = count(lostRecords, 'rejected frame');
      printMessage(`${this.#file.option}: ${frames} dropped: the destination is too slow`);
    }
  }

  /** What a file begins with. Default: nothing. */
  protected header?(): string | Uint8Array | undefined;

  /** Whether the sink can take nothing more. */
  protected get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The number of bytes that wait to be written. */
  protected get waitingBytes(): number {
    return this.#writer.waitingBytes;
  }

  /** Writes text or a copy of bytes. A returned promise asks the caller to wait before the next; it never rejects. */
  protected put(data: string | Uint8Array): void | Promise<void> {
    if (this.#hasEnded) {
      return;
    }
    this.begin();
    return typeof data === 'string' ? this.#writer.writeText(data) : this.#writer.write(data);
  }

  /**
   * Closes the file and continues in a new one with the same path. If that fails, the sink ends. Nothing may be put
   * meanwhile.
   *
   * @param free - frees the path
   */
  protected async startAgain(free: () => Promise<void>): Promise<void> {
    await this.#closeFile();
    try {
      await free();
    } catch (error) {
      this.#end(this.#file.cannotWrite(error as Error));
      return;
    }
    try {
      this.#file = await this.#file.openAgain();
      this.#writer = this.#writerTo(this.#file);
      this.#hasBegun = false;
    } catch (error) {
      this.#end(error as CliError);
    }
  }

  async #closeFile(): Promise<void> {
    await this.#writer.flush();
    await this.#file.close();
  }

  #writerTo(file: OutputFile): ByteWriter {
    const writer = new ByteWriter(file.stream);
    file.watchReader(() => writer.readerLeft());
    void writer.ended.then(() => this.#end(writer.failure && file.cannotWrite(writer.failure)));
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
