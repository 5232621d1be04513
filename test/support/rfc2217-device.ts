import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { DeviceFraming, encodeForWire } from '../../src/testing/mock/device-framing.js';

const [IAC, DONT, DO, WONT, WILL, SB, SE] = [255, 254, 253, 252, 251, 250, 240] as const;
const COM_PORT = 44;

/** How a server behaves. By default it obeys everything. */
export interface ServerBehavior {
  /** What it sends at once. Default: nothing. */
  greeting?: Uint8Array;
  /** Whether it passes on raw bytes and knows nothing of telnet. Default: false. */
  isRaw?: boolean;
  /** Whether a device behind a server that passes on raw bytes sends back all of them. Default: false. */
  echoesRaw?: boolean;
  /** Whether it closes each connection after the greeting. Default: false. */
  closesAtOnce?: boolean;
  /** Telnet options that it refuses. */
  refusedOptions?: readonly number[];
  /** Commands of RFC 2217 that it obeys without an answer, by number. */
  silentCommands?: readonly number[];
  /** What it answers to a command: a value of its own, undefined for none. Default: the value that was sent. */
  answer?(command: number, value: readonly number[]): readonly number[] | undefined;
}

/**
 * A device that echoes packets, behind a server of RFC 2217. It has its own telnet, and uses npm `cobs` and
 * `DelimiterParser`, so it shares no code with what it tests.
 */
export class Rfc2217Device {
  readonly #behavior: ServerBehavior;
  readonly #server: Server;
  #port = 0;
  #socket: Socket | undefined;
  readonly #waiting: (() => void)[] = [];
  #isEchoing = true;
  /** What arrived, as the socket read it. */
  readonly chunks: Buffer[] = [];
  /** Commands of RFC 2217, for example `5 9`. */
  readonly commands: string[] = [];
  /** Answers to telnet options, for example `will 44`. */
  readonly negotiations: string[] = [];
  /** What arrived for the device. */
  data = Buffer.alloc(0);

  private constructor(behavior: ServerBehavior) {
    this.#behavior = behavior;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  static async listen(behavior: ServerBehavior = {}): Promise<Rfc2217Device> {
    const device = new Rfc2217Device(behavior);
    await device.plug();
    return device;
  }

  /** The path that leads here. */
  get path(): `rfc2217://${string}` {
    return `rfc2217://127.0.0.1:${this.#port}`;
  }

  /** The latest connection. Waits for one. */
  async socket(): Promise<Socket> {
    while (this.#socket === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#socket;
  }

  /** The device sends bytes. */
  async send(bytes: Uint8Array): Promise<void> {
    await this.sendRaw(escaped(bytes));
  }

  /** The server sends bytes as they are. */
  async sendRaw(bytes: Uint8Array): Promise<void> {
    const socket = await this.socket();
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  }

  async sendPacket(packet: Uint8Array): Promise<void> {
    await this.send(encodeForWire(packet, 'none'));
  }

  /** The server sends a command of RFC 2217, by number. */
  async command(command: number, ...value: number[]): Promise<void> {
    await this.sendRaw(subnegotiation(command, value));
  }

  /** Reads nothing more until {@link resume}. */
  async stall(): Promise<void> {
    this.#isEchoing = false;
    (await this.socket()).pause();
  }

  resume(): void {
    this.#isEchoing = true;
    this.#socket?.resume();
  }

  /** Closes the connection, with an RST if `abruptly`. */
  async hangUp(abruptly = false): Promise<void> {
    const socket = await this.socket();
    this.#socket = undefined;
    if (abruptly) {
      socket.resetAndDestroy();
    } else {
      socket.destroy();
    }
  }

  /** Stops listening, and closes the connection. */
  async unplug(): Promise<void> {
    this.#server.close();
    if (this.#socket !== undefined) {
      await this.hangUp();
    }
  }

  /** Listens again, on the same port. */
  async plug(): Promise<void> {
    if (!this.#server.listening) {
      this.#server.listen(this.#port, '127.0.0.1');
      await once(this.#server, 'listening');
      this.#port = (this.#server.address() as AddressInfo).port;
    }
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    if (this.#server.listening) {
      this.#server.close();
      await once(this.#server, 'close');
    }
  }

  #accept(socket: Socket): void {
    this.#socket = socket;
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
    if (this.#behavior.greeting !== undefined) {
      socket.write(this.#behavior.greeting);
    }
    if (this.#behavior.closesAtOnce) {
      socket.end();
    }
    const framing = new DeviceFraming(1_048_576, 'none');
    const filter = this.#behavior.isRaw ? undefined : this.#telnet(socket);
    socket.on('error', () => {
      // The host has reset the connection.
    });
    socket.on('end', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      const data = filter === undefined ? chunk : filter(chunk);
      if (this.#behavior.echoesRaw) {
        socket.write(data);
      }
      this.data = Buffer.concat([this.data.subarray(-1_000), data]);
      for (const result of this.#isEchoing ? framing.push(data) : []) {
        if (result instanceof Uint8Array) {
          const frame = encodeForWire(result, 'none');
          socket.write(this.#behavior.isRaw ? frame : escaped(frame));
        }
      }
    });
    if (!this.#isEchoing) {
      socket.pause();
    }
  }

  /** Obeys the commands in a chunk, and returns its data. */
  #telnet(socket: Socket): (chunk: Buffer) => Buffer {
    let pending: number[] = [];
    const filter = (byte: number): number[] => {
      pending.push(byte);
      const [first, command, option] = pending;
      if (first !== IAC) {
        pending = [];
        return [byte];
      }
      const isSubnegotiation = command === SB;
      const isOption = command !== undefined && command >= WILL && command <= DONT;
      if (pending.length < 2 || (isOption && pending.length < 3)) {
        return [];
      }
      if (isSubnegotiation) {
        // Each escaped byte becomes one, so what is left of IAC is the one before SE.
        if (pending.at(-2) === IAC && byte === IAC) {
          pending.splice(-2, 2, 256);
        }
        if (!(pending.length > 3 && pending.at(-2) === IAC && byte === SE)) {
          return [];
        }
        this.#obey(
          socket,
          pending.slice(3, -2).map((each) => (each === 256 ? IAC : each)),
        );
      } else if (isOption) {
        this.#negotiate(socket, command, option!);
      }
      pending = [];
      return command === IAC ? [IAC] : [];
    };
    return (chunk) => {
      const data: Uint8Array[] = [];
      for (let at = 0; at < chunk.length; at++) {
        const command = chunk.indexOf(IAC, at);
        const end = command < 0 ? chunk.length : command;
        if (pending.length === 0 && end > at) {
          data.push(chunk.subarray(at, end));
          at = end;
        }
        if (at < chunk.length) {
          data.push(Uint8Array.from(filter(chunk[at]!)));
        }
      }
      return Buffer.concat(data);
    };
  }

  #negotiate(socket: Socket, command: number, option: number): void {
    this.negotiations.push(`${['will', 'wont', 'do', 'dont'][command - WILL]} ${option}`);
    const isKnown = option === 0 || option === 3 || option === COM_PORT;
    const isRefused = !isKnown || (this.#behavior.refusedOptions ?? []).includes(option);
    if (command === WILL) {
      socket.write(Uint8Array.of(IAC, isRefused ? DONT : DO, option));
    } else if (command === DO) {
      socket.write(Uint8Array.of(IAC, isRefused ? WONT : WILL, option));
    }
  }

  #obey(socket: Socket, [command, ...value]: number[]): void {
    this.commands.push([command, ...value].join(' '));
    const { silentCommands = [], answer = (_, same) => same } = this.#behavior;
    const answered = silentCommands.includes(command!) ? undefined : answer(command!, value);
    if (answered !== undefined) {
      socket.write(subnegotiation(command! + 100, answered));
    }
  }
}

function escaped(bytes: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = bytes.indexOf(IAC); at >= 0; at = bytes.indexOf(IAC, at + 1)) {
    parts.push(bytes.subarray(from, at), Uint8Array.of(IAC));
    from = at;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

function subnegotiation(command: number, value: readonly number[]): Buffer {
  return Buffer.concat([Buffer.of(IAC, SB, COM_PORT), escaped(Uint8Array.of(command, ...value)), Buffer.of(IAC, SE)]);
}
