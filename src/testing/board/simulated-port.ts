import type { Port, PortOpenOptions } from '../../serial/port.js';
import { DevicePort } from '../device-port.js';
import type { SimulatedHardware } from './simulated-hardware.js';
import type { TtyUser, TtyWrite } from './simulated-tty.js';

/** Maximum size of a chunk, as Linux returns it from a tty. */
const CHUNK_BYTES = 4_096;

/** An open port of a simulated board. */
export class SimulatedPort extends DevicePort implements TtyUser {
  readonly #hardware: SimulatedHardware;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  /** The latest write. */
  #write: TtyWrite | undefined;

  constructor(openOptions: Required<PortOpenOptions>, hardware: SimulatedHardware) {
    super(openOptions);
    this.#hardware = hardware;
    hardware.tty.add(this);
  }

  get writtenBytes(): number {
    return this.#write?.position ?? 0;
  }

  inputArrived(): void {
    this.delivery.plan();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    this.state.assertCanWrite(bytes);
    const hardware = this.#hardware;
    const write = { bytes, position: 0, endsAt: bytes.length, progressed: () => this.#writeProgressed(write) };
    this.#write = write;
    hardware.tty.write(write);
    hardware.transmit();
    return write.position === write.endsAt ? undefined : this.state.beginWrite();
  }

  shortenWrite(bytes: number): void {
    const write = this.#write;
    if (write !== undefined && this.state.isWriting) {
      write.endsAt = bytes;
      if (write.position >= bytes) {
        this.#hardware.tty.endWrite(write);
        this.state.endWrite();
      }
    }
  }

  override async update({ baudRate }: { baudRate: number }): Promise<void> {
    this.state.assertUsable();
    const hardware = this.#hardware;
    hardware.line = { ...hardware.line, baudRate };
  }

  /** Only `dtr` has an effect. As with a real port, it falls unless it is set. */
  override async set(options: Parameters<Port['set']>[0]): Promise<void> {
    this.state.assertUsable();
    this.#hardware.setDtr(Boolean(options.dtr));
  }

  override async getBaudRate(): Promise<{ baudRate: number }> {
    this.state.assertUsable();
    return { baudRate: this.#hardware.line.baudRate };
  }

  override async flush(): Promise<void> {
    this.state.assertUsable();
    this.#hardware.flush();
  }

  override async drain(): Promise<void> {
    this.state.assertUsable();
    await this.#hardware.drain(this);
  }

  protected override deliver(): void {
    const length = this.#hardware.read(this.#chunk);
    if (length > 0) {
      this.state.receive(this.#chunk.subarray(0, length));
      this.delivery.plan();
    }
  }

  protected override discard(error: Error): void {
    const { tty } = this.#hardware;
    tty.remove(this, error);
    if (this.#write !== undefined) {
      tty.endWrite(this.#write);
    }
  }

  #writeProgressed(write: TtyWrite): void {
    if (write.position < write.endsAt) {
      this.state.progressWrite();
    } else {
      this.state.endWrite();
    }
  }
}
