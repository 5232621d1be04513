import type { Port } from '../../serial/port.js';
import type { PortState } from '../../serial/port-state.js';
import type { LineNoise, Piece } from './line-noise.js';

/** Maximum size of a piece: a stall or an unplug takes effect after this many bytes at the latest. */
const PIECE_BYTES = 4_096;

/** The direction of a faulty line that leads to the device. */
export interface LineToDevice {
  readonly toDevice: LineNoise;
  readonly isStalled: boolean;
}

/** A write of the host. It goes to the inner port piece by piece. */
interface Write {
  readonly bytes: Buffer;
  /** The write ends at this offset in `bytes`. */
  endsAt: number;
  /** The pieces before this offset have gone. */
  position: number;
  /** Whether the next piece was held back already. */
  isHeldBack: boolean;
  /** The piece that the inner port is writing. */
  piece: Piece | undefined;
}

/** Passes the writes of a host through a faulty line to the inner port. */
export class LineWriter {
  readonly #inner: Port;
  readonly #line: LineToDevice;
  readonly #state: PortState;
  readonly #onLost: (error: Error) => void;
  /** The latest write. */
  #write: Write | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param state - the state of the host's port
   * @param onLost - called when a write reports that the inner port hung up
   */
  constructor(inner: Port, line: LineToDevice, state: PortState, onLost: (error: Error) => void) {
    this.#inner = inner;
    this.#line = line;
    this.#state = state;
    this.#onLost = onLost;
  }

  /** As {@link Port.write}. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#state.assertCanWrite(bytes);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const write: Write = { bytes: buffer, endsAt: buffer.length, position: 0, isHeldBack: false, piece: undefined };
    this.#write = write;
    if (this.#passOn(write)) {
      return undefined;
    }
    return this.#state.beginWrite();
  }

  /** As {@link Port.writtenBytes}. */
  get writtenBytes(): number {
    const { position = 0, piece } = this.#write ?? {};
    return position + (piece?.sourceOf(this.#inner.writtenBytes ?? 0) ?? 0);
  }

  /** As {@link Port.shortenWrite}. */
  shorten(bytes: number): void {
    const write = this.#write;
    if (write === undefined || !this.#state.isWriting) {
      return;
    }
    write.endsAt = bytes;
    const { position, piece } = write;
    if (piece !== undefined) {
      if (bytes < position + piece.sourceBytes) {
        this.#inner.shortenWrite?.(piece.outputOf(bytes - position));
      }
    } else if (position >= bytes) {
      this.stop();
      this.#state.endWrite();
    }
  }

  /** The inner port accepted part of a piece. */
  innerProgressed(): void {
    const write = this.#write;
    if (write !== undefined && this.#state.isWriting && this.writtenBytes < write.endsAt) {
      this.#state.progressWrite();
    }
  }

  /** The line is no longer stalled. */
  resume(): void {
    const write = this.#write;
    if (write?.piece === undefined && this.#timer === undefined) {
      this.#continue(write);
    }
  }

  /** Leaves no timer behind. The pending write was ended. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #continue(write: Write | undefined): void {
    if (write === undefined || write !== this.#write || !this.#state.isWriting) {
      return;
    }
    try {
      if (this.#passOn(write)) {
        this.#state.endWrite();
      }
    } catch (error) {
      this.#state.failWrite(error as Error);
    }
  }

  /**
   * Passes on the next pieces, until one has to wait.
   *
   * @returns whether all of the write has gone
   */
  #passOn(write: Write): boolean {
    const { toDevice } = this.#line;
    while (write.position < write.endsAt) {
      if (!write.isHeldBack) {
        write.isHeldBack = true;
        const { delayMs } = toDevice;
        if (delayMs > 0) {
          this.#timer = setTimeout(() => {
            this.#timer = undefined;
            this.#continue(write);
          }, delayMs);
          return false;
        }
      }
      if (this.#line.isStalled) {
        return false;
      }
      write.isHeldBack = false;
      const end = Math.min(write.endsAt, write.position + PIECE_BYTES);
      const piece = toDevice.next(write.bytes.subarray(write.position, end));
      write.piece = piece;
      if (!this.#writePiece(write, piece)) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether the inner port accepted the whole piece at once. */
  #writePiece(write: Write, piece: Piece): boolean {
    try {
      const written = piece.bytes.length === 0 ? undefined : this.#inner.write(piece.bytes);
      if (written !== undefined) {
        written.then(
          () => {
            this.#count(write, piece, this.#inner.writtenBytes ?? piece.bytes.length);
            this.innerProgressed();
            this.#continue(write);
          },
          (error) => {
            this.#count(write, piece, this.#inner.writtenBytes ?? 0);
            this.#fail(write, error);
          },
        );
        return false;
      }
    } catch (error) {
      this.#count(write, piece, 0);
      this.#fail(write, error as Error);
      throw error;
    }
    this.#count(write, piece, piece.bytes.length);
    return true;
  }

  /** Counts what became of a piece, of which the inner port accepted `innerBytes`. */
  #count(write: Write, piece: Piece, innerBytes: number): void {
    const { toDevice } = this.#line;
    const isWhole = innerBytes === piece.bytes.length;
    const bytes = Math.min(isWhole ? piece.sourceBytes : piece.sourceOf(innerBytes), write.endsAt - write.position);
    toDevice.pass(piece, bytes);
    toDevice.stats.bytesIn += bytes;
    toDevice.stats.bytesOut += innerBytes;
    toDevice.stats.lostBytes += piece.outputOf(bytes) - innerBytes;
    write.position += bytes;
    write.piece = undefined;
  }

  #fail(write: Write, error: Error & { disconnect?: boolean }): void {
    if (error.disconnect === true) {
      this.#onLost(error);
    } else if (write === this.#write) {
      this.#state.failWrite(error);
    }
  }
}
