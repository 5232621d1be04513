import type { PacketRecord } from '../records/record.js';
import { defineSink } from './define.js';
import { FileSink } from './file-sink.js';
import type { OutputFile } from './output-file.js';
import { PcapngEncoder } from './pcapng-encoder.js';

export const captureSink = defineSink('pcapng', {
  description: 'write a capture file for Wireshark; "-" writes it to stdout instead of lines',
  canBeStdout: true,
  pipeTo: 'wireshark -k -i -',
  // No dissector knows of the id in front of a packet.
  open: (file, _, { names, decoder, hasIds }) =>
    new Capture(file, new PcapngEncoder(hasIds ? undefined : decoder), names),
});

/** A capture in the format pcapng. */
class Capture extends FileSink {
  readonly #encoder: PcapngEncoder;
  readonly #names: readonly string[];

  /** @param names - connections that have an interface from the start. The others get one at their first record. */
  constructor(file: OutputFile, encoder: PcapngEncoder, names: readonly string[]) {
    super(file);
    this.#encoder = encoder;
    this.#names = names;
  }

  protected override header(): Uint8Array {
    return this.#encoder.header(this.#names);
  }

  write(record: PacketRecord): void | Promise<void> {
    // The encoder numbers the interfaces of the header first.
    this.begin();
    return this.put(this.#encoder.record(record));
  }
}
