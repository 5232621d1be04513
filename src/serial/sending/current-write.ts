import { encodeFrame } from '../../framing/frame-encoder.js';
import type { PacketGroup } from './packet-group.js';

/** A write has at most this many bytes, unless a single group takes more. */
const WRITE_BYTES = 65_536;

/** A longer buffer is not kept for the next write. */
const KEPT_BUFFER_BYTES = 2 * WRITE_BYTES;

const NOTHING = Buffer.alloc(0);

/** The bytes being written to the port: which groups of packets they hold, and where each one ends. */
export class CurrentWrite {
  /** In order, without those known to be written. */
  #groups: PacketGroup[] = [];
  /** Length of the bytes before the first frame. */
  #prefixBytes = 0;
  /** Where the part that is known to be written ends. The prefix counts as written. */
  #doneBytes = 0;
  /** Where the write ends. 0 if there is none. */
  #endBytes = 0;
  /** Bytes of the write that {@link count} has returned. */
  #countedBytes = 0;
  /** Made when first needed: there can be hundreds of connections, many of which never send. */
  #buffer = NOTHING;
  /** The part of the buffer written last. The next write often has the same length. */
  #view = NOTHING;

  /** The groups that are not known to be written, in order. */
  get groups(): readonly PacketGroup[] {
    return this.#groups;
  }

  /**
   * Starts the next write.
   *
   * @param prefix - bytes before the first frame
   * @param waiting - the groups that wait; those that fit are encoded and removed
   * @param waitingBytes - bytes of all these groups
   * @returns the bytes to write, which are valid until {@link finish}
   */
  start(prefix: Buffer | undefined, waiting: Set<PacketGroup>, waitingBytes: number): Buffer {
    this.#prefixBytes = prefix?.length ?? 0;
    this.#doneBytes = this.#prefixBytes;
    let end = this.#prefixBytes;
    for (const group of waiting) {
      if (this.#groups.length === 0) {
        this.#makeRoom(end + Math.max(group.wireBytes, Math.min(waitingBytes, WRITE_BYTES)));
      } else if (end + group.wireBytes > this.#buffer.length) {
        break;
      }
      for (const body of group.bodies) {
        end = encodeFrame(body, this.#buffer, end);
      }
      group.endsAt = end;
      group.transmission?.beginWriting();
      waiting.delete(group);
      this.#groups.push(group);
    }
    this.#endBytes = end;
    if (prefix !== undefined) {
      if (this.#groups.length === 0) {
        return prefix;
      }
      this.#buffer.set(prefix, 0);
    }
    if (this.#view.length !== end || this.#view.buffer !== this.#buffer.buffer) {
      this.#view = this.#buffer.subarray(0, end);
    }
    return this.#view;
  }

  /** Notes that the first `writtenBytes` are written. Returns how many more than at the last call. */
  count(writtenBytes: number): number {
    // Between two writes, the port still reports the bytes of the last one.
    const more = Math.min(writtenBytes, this.#endBytes) - this.#countedBytes;
    this.#countedBytes += more;
    return more;
  }

  /** Removes and returns the groups that end within the first `writtenBytes`. */
  takeWritten(writtenBytes: number): PacketGroup[] {
    let count = 0;
    while (count < this.#groups.length && this.#groups[count]!.endsAt <= writtenBytes) {
      this.#doneBytes = this.#groups[count++]!.endsAt;
    }
    return this.#groups.splice(0, count);
  }

  /** Removes and returns the groups of which nothing is written. The write now ends before them, at {@link endBytes}. */
  takeUnwritten(writtenBytes: number): PacketGroup[] {
    let end = this.#doneBytes;
    let begun = 0;
    while (begun < this.#groups.length && end < writtenBytes) {
      end = this.#groups[begun++]!.endsAt;
    }
    const unwritten = this.#groups.splice(begun);
    if (unwritten.length > 0) {
      this.#endBytes = end;
    }
    return unwritten;
  }

  /** Where the write ends. */
  get endBytes(): number {
    return this.#endBytes;
  }

  /** Everything up to {@link endBytes} is written. Removes and returns the groups. */
  finish(): PacketGroup[] {
    const groups = this.takeAll();
    this.#prefixBytes = 0;
    this.#endBytes = 0;
    this.#countedBytes = 0;
    if (this.#buffer.length > KEPT_BUFFER_BYTES) {
      this.#buffer = NOTHING;
      this.#view = NOTHING;
    }
    return groups;
  }

  /** Removes and returns the groups, whether they are written or not. */
  takeAll(): PacketGroup[] {
    const groups = this.#groups;
    this.#groups = [];
    return groups;
  }

  /**
   * Whether the device would have a frame without its end if nothing more were written.
   *
   * @param writtenBytes - undefined if unknown
   */
  isCutAt(writtenBytes: number | undefined): boolean {
    // A single delimiter cannot be cut.
    const isPrefixCut = this.#prefixBytes > 1;
    if (writtenBytes === undefined) {
      return this.#groups.length > 0 || isPrefixCut;
    }
    if (writtenBytes < this.#prefixBytes) {
      return isPrefixCut;
    }
    return writtenBytes > 0 && writtenBytes < this.#endBytes && this.#buffer[writtenBytes - 1] !== 0;
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(2 * this.#buffer.length, WRITE_BYTES)));
    }
  }
}
