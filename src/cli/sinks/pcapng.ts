import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { PacketRecord } from '../packet-record.js';
import { ByteWriter } from './byte-writer.js';
import { FILE_BUFFER_BYTES, openForWriting } from './open-file.js';
import { PcapngEncoder } from './pcapng-encoder.js';
import type { RecordSink } from './record-sink.js';

export { readPcapng } from './pcapng-reader.js';

export interface PcapngOptions {
  /** The connections that are known already: each has its interface from the start. */
  names?: readonly string[] | undefined;
  /** What packets are decoded with: the name of a `Decoder`. Those that Wireshark knows are named in the file. */
  decoder?: string | undefined;
  /** Overwrite a file that is there. */
  force?: boolean | undefined;
}

/**
 * Opens a capture file in the format pcapng; `-` is stdout.
 *
 * @throws CliError if the file is there, or stdout is a terminal (wrong use), or the file cannot be opened
 */
export async function openPcapng(path: string, options: PcapngOptions = {}): Promise<RecordSink> {
  if (path !== '-') {
    const handle = await openForWriting(path, options.force === true, '--pcapng');
    return new PcapngFile(handle.createWriteStream({ highWaterMark: FILE_BUFFER_BYTES }), true, path, options);
  }
  if (process.stdout.isTTY) {
    throw new CliError(
      ExitCode.usage,
      '--pcapng -: stdout is a terminal, which cannot show a capture; pipe it, as in "| wireshark -k -i -"',
    );
  }
  return new PcapngFile(process.stdout, false, 'stdout', options);
}

class PcapngFile implements RecordSink {
  readonly #stream: Writable;
  readonly #closes: boolean;
  readonly #encoder: PcapngEncoder;
  readonly #writer: ByteWriter;
  #failure: CliError | undefined;

  readonly ended: Promise<void>;

  constructor(stream: Writable, closes: boolean, path: string, { names = [], decoder }: PcapngOptions) {
    this.#stream = stream;
    this.#closes = closes;
    this.#encoder = new PcapngEncoder(decoder);
    this.#writer = new ByteWriter(stream);
    this.ended = this.#writer.ended.then((error) => {
      if (error !== undefined) {
        const message = `--pcapng: cannot write ${path}: ${error.message}`;
        this.#failure = new CliError(ExitCode.failure, message, { cause: error });
        throw this.#failure;
      }
    });
    this.ended.catch(() => {});
    void this.#writer.write(this.#encoder.header(names));
  }

  write(record: PacketRecord): void | Promise<void> {
    return this.#writer.write(this.#encoder.record(record));
  }

  async close(): Promise<void> {
    await this.#writer.flush();
    if (this.#closes && !this.#stream.closed) {
      this.#stream.end();
      await once(this.#stream, 'close').catch(() => {});
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }
}
