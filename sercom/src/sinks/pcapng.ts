import { CliError } from '../cli-error.js';
import type { Decoder } from '../decoders/index.js';
import { ExitCode } from '../exit-codes.js';
import { grouped, option } from '../options/define.js';
import type { PacketRecord } from '../records/record.js';
import { ByteWriter } from '../terminal/byte-writer.js';
import { defineSink } from './define.js';
import { cannotWrite, type OutputFile, openForWriting, reportLoss } from './output-file.js';
import { PcapngEncoder } from './pcapng-encoder.js';
import type { FileSink } from './sink.js';

/** `--pcapng` */
export const pcapngSink = defineSink({
  options: grouped('Files:', {
    pcapng: option('--pcapng <file>', 'write a capture file for Wireshark; "-" writes it to stdout instead of lines'),
  }),
  file: 'pcapng',
  open: ({ pcapng }, context) => (pcapng === undefined ? undefined : openPcapng(pcapng, context)),
});

export interface PcapngOptions {
  /** Connections that have an interface from the start. The others get one at their first record. */
  names?: readonly string[] | undefined;
  /** What packets are decoded with. If Wireshark has a dissector for it, the file names that. */
  decoder?: Pick<Decoder, 'name'> | undefined;
  /** Overwrite an existing file. */
  force?: boolean | undefined;
}

/**
 * Opens a capture file in the format pcapng; `-` is stdout.
 *
 * @throws CliError if the file exists, or stdout is a terminal (usage error), or the file cannot be opened
 */
export async function openPcapng(path: string, options: PcapngOptions = {}): Promise<FileSink> {
  if (path === '-' && process.stdout.isTTY) {
    throw new CliError(
      ExitCode.usage,
      '--pcapng -: stdout is a terminal, which cannot show a capture; pipe it, for example to "wireshark -k -i -"',
    );
  }
  const file = path === '-' ? undefined : await openForWriting(path, options.force === true, '--pcapng');
  return new Pcapng(file, file === undefined ? 'stdout' : path, options);
}

class Pcapng implements FileSink {
  readonly whenFull = 'hold';
  /** None for stdout. */
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
    this.#encoder = new PcapngEncoder(decoder?.name);
    this.#writer = new ByteWriter(file?.stream ?? process.stdout);
    this.ended = this.#writer.ended.then(() => {
      if (this.#writer.failure !== undefined) {
        this.#failure = cannotWrite(path, '--pcapng', this.#writer.failure);
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

  async close(lostRecords = 0): Promise<void> {
    await this.#writer.flush();
    await this.#file?.close();
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    if (!this.#writer.hasEnded) {
      reportLoss('--pcapng', lostRecords);
    }
  }
}
