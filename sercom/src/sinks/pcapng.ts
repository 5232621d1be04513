import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { PacketRecord } from '../records/packet-record.js';
import { ByteWriter } from './byte-writer.js';
import { type OutputFile, openForWriting } from './open-file.js';
import { PcapngEncoder } from './pcapng-encoder.js';
import type { RecordSink } from './record-sink.js';

export { readPcapng } from '../records/pcapng-reader.js';

export interface PcapngOptions {
  /** The connections that are known already: each has its interface from the start. */
  names?: readonly string[] | undefined;
  /** What packets are decoded with: the name of a `Decoder`. Those that Wireshark knows are named in the file. */
  decoder?: string | undefined;
  /** Overwrite a file that is there. */
  force?: boolean | undefined;
  /** Leave things as they are until the capture begins. */
  deferred?: boolean | undefined;
}

/**
 * Opens a capture file in the format pcapng; `-` is stdout.
 *
 * @throws CliError if the file is there, or stdout is a terminal (wrong use), or the file cannot be opened
 */
export async function openPcapng(path: string, options: PcapngOptions = {}): Promise<RecordSink> {
  if (path === '-' && process.stdout.isTTY) {
    throw new CliError(
      ExitCode.usage,
      '--pcapng -: stdout is a terminal, which cannot show a capture; pipe it, as in "| wireshark -k -i -"',
    );
  }
  const file = path === '-' ? undefined : await openForWriting(path, options.force === true, '--pcapng');
  const capture = new PcapngFile(file, file === undefined ? 'stdout' : path, options);
  if (options.deferred !== true) {
    capture.begin();
  }
  return capture;
}

class PcapngFile implements RecordSink {
  /** None if it is stdout. */
  readonly #file: OutputFile | undefined;
  readonly #names: readonly string[];
  readonly #encoder: PcapngEncoder;
  readonly #writer: ByteWriter;
  #hasBegun = false;
  #failure: CliError | undefined;

  readonly ended: Promise<void>;

  constructor(file: OutputFile | undefined, path: string, { names = [], decoder }: PcapngOptions) {
    this.#file = file;
    this.#names = names;
    this.#encoder = new PcapngEncoder(decoder);
    this.#writer = new ByteWriter(file?.stream ?? process.stdout);
    this.ended = this.#writer.ended.then((error) => {
      if (error !== undefined) {
        const message = `--pcapng: cannot write ${path}: ${error.message}`;
        this.#failure = new CliError(ExitCode.failure, message, { cause: error });
        throw this.#failure;
      }
    });
    this.ended.catch(() => {});
  }

  begin(): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#file?.begin();
      void this.#writer.write(this.#encoder.header(this.#names));
    }
  }

  get isFull(): boolean {
    return this.#writer.isFull;
  }

  write(record: PacketRecord): void | Promise<void> {
    this.begin();
    return this.#writer.write(this.#encoder.record(record));
  }

  async close(): Promise<void> {
    await this.#writer.flush();
    await this.#file?.close();
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }
}
