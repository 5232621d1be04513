import type { Port, PortListener, PortOpenOptions } from '../../serial/port.js';
import { PortState } from '../../serial/port-state.js';
import { Delivery } from '../delivery.js';
import type { SimulatedHardware } from './simulated-hardware.js';
import type { TtyUser, TtyWrite } from './simulated-tty.js';

/** Maximum size of a chunk, as Linux returns it from a tty. */
const CHUNK_BYTES = 4_096;

/** The board of a port. */
interface PortBoard {
  readonly hardware: SimulatedHardware;
  setDtr(isHigh: boolean): void;
  /** The port was closed. Resolves when it can be opened again. */
  release(port: SimulatedPort): Promise<void>;
}

/** An open port of a simulated board. */
export class SimulatedPort implements Port, TtyUser {
  readonly openOptions: Required<PortOpenOptions>;
  readonly #board: PortBoard;
  readonly #state = new PortState();
  readonly #delivery = new Delivery(this.#state, () => this.#deliver());
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  /** The latest write. */
  #write: TtyWrite | undefined;

  constructor(openOptions: Required<PortOpenOptions>, board: PortBoard) {
    this.openOptions = openOptions;
    this.#board = board;
    board.hardware.tty.add(this);
  }

  get isOpen(): boolean {
    return this.#state.isOpen;
  }

  get writtenBytes(): number {
    return this.#write?.position ?? 0;
  }

  start(listener: PortListener): void {
    this.#state.start(listener);
  }

  resume(): void {
    this.#state.resume();
    this.#delivery.plan();
  }

  inputArrived(): void {
    this.#delivery.plan();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#state.assertCanWrite(bytes);
    const { hardware } = this.#board;
    const write = { bytes, position: 0, endsAt: bytes.length, progressed: () => this.#writeProgressed(write) };
    this.#write = write;
    hardware.tty.write(write);
    hardware.transmit();
    return write.position === write.endsAt ? undefined : this.#state.beginWrite();
  }

  shortenWrite(bytes: number): void {
    const write = this.#write;
    if (write !== undefined && this.#state.isWriting) {
      write.endsAt = bytes;
      if (write.position >= bytes) {
        this.#board.hardware.tty.endWrite(write);
        this.#state.endWrite();
      }
    }
  }

  /** The board was unplugged: everything pending, and everything later except {@link close}, rejects with `error`. */
  disconnect(error: Error): void {
    this.#leaveTty(error);
    this.#state.fail(error);
  }

  async close(): Promise<void> {
    this.#state.close();
    this.#leaveTty(Object.assign(new Error('Port is closed'), { canceled: true }));
    await this.#board.release(this);
  }

  async update({ baudRate }: { baudRate: number }): Promise<void> {
    this.#state.assertUsable();
    const { hardware } = this.#board;
    hardware.line = { ...hardware.line, baudRate };
  }

  /** Only `dtr` has an effect. As with a real port, it falls unless it is set. */
  async set(options: Parameters<Port['set']>[0]): Promise<void> {
    this.#state.assertUsable();
    this.#board.setDtr(Boolean(options.dtr));
  }

  /** Returns what Linux reports for the USB interface of an Uno, which has none of these lines. */
  async get(): ReturnType<Port['get']> {
    this.#state.assertUsable();
    return { cts: true, dsr: false, dcd: false };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#state.assertUsable();
    return { baudRate: this.#board.hardware.line.baudRate };
  }

  async flush(): Promise<void> {
    this.#state.assertUsable();
    this.#board.hardware.flush();
  }

  async drain(): Promise<void> {
    this.#state.assertUsable();
    await this.#board.hardware.drain(this);
  }

  #deliver(): void {
    const length = this.#board.hardware.tty.read(this.#chunk);
    if (length > 0) {
      this.#state.receive(this.#chunk.subarray(0, length));
      this.#delivery.plan();
    }
  }

  #writeProgressed(write: TtyWrite): void {
    if (write.position < write.endsAt) {
      this.#state.progressWrite();
    } else {
      this.#state.endWrite();
    }
  }

  #leaveTty(error: Error): void {
    const { tty } = this.#board.hardware;
    tty.remove(this, error);
    if (this.#write !== undefined) {
      tty.endWrite(this.#write);
    }
  }
}
