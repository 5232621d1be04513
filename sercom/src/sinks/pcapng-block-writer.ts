import { OPT_END } from '../records/captures/pcapng-blocks.js';

/** Writes the blocks of a pcapng file, little-endian, into a buffer that it reuses. */
export class PcapngBlockWriter {
  #buffer = Buffer.alloc(1_024);
  #end = 0;
  /** Where the block begins. */
  #start = 0;
  #hasOptions = false;

  /** Begins a block: its type and, once it has ended, its length. */
  begin(type: number): void {
    this.#start = this.#end;
    this.#hasOptions = false;
    this.uint32(type);
    this.uint32(0);
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#end = this.#buffer.writeUInt16LE(value, this.#end);
  }

  /** @param value - also a negative one, as bit operations yield */
  uint32(value: number): void {
    this.#reserve(4);
    this.#end = this.#buffer.writeUInt32LE(value >>> 0, this.#end);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Pads what has been written with zeros to a multiple of four bytes. */
  pad(): void {
    this.#reserve(3);
    while (this.#end % 4 !== 0) {
      this.#buffer[this.#end++] = 0;
    }
  }

  option(code: number, value: Uint8Array): void {
    this.#hasOptions = true;
    this.uint16(code);
    this.uint16(value.length);
    this.bytes(value);
    this.pad();
  }

  uint32Option(code: number, value: number): void {
    this.#hasOptions = true;
    this.uint16(code);
    this.uint16(4);
    this.uint32(value);
  }

  /** Ends the block: ends its options, and writes its length. */
  end(): void {
    if (this.#hasOptions) {
      this.uint16(OPT_END);
      this.uint16(0);
    }
    const bytes = this.#end + 4 - this.#start;
    this.uint32(bytes);
    this.#buffer.writeUInt32LE(bytes, this.#start + 4);
  }

  /** Takes the blocks written so far. Their memory is reused by the next block. */
  take(): Uint8Array {
    const blocks = this.#buffer.subarray(0, this.#end);
    this.#end = 0;
    return blocks;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes > this.#buffer.length) {
      const buffer = Buffer.alloc(Math.max(2 * this.#buffer.length, this.#end + bytes));
      buffer.set(this.#buffer.subarray(0, this.#end));
      this.#buffer = buffer;
    }
  }
}
