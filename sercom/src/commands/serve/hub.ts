import type { Socket } from 'node:net';
import { writtenAddress } from '../../options/listen-address.js';
import { printMessage } from '../../terminal/message.js';
import { count } from '../../text/count.js';
import { Client, type ClientOwner, type ClientSettings, type Refusal } from './client.js';
import { countFrames, FrameCutter } from './frame-cutter.js';
import type { Lane } from './lane.js';
import { addTraffic, describeTraffic, noTraffic, type Traffic } from './traffic.js';

/** How a client that has just connected is served. */
export interface HubSettings extends ClientSettings {
  readonly isReadOnly: boolean;
  /** Whether only one client may send: two would disturb the session of acknowledged delivery. */
  readonly hasOneSpeaker: boolean;
  readonly maxClients: number;
  /** Called for each client before anything is exchanged with it. */
  readonly prepare?: ((client: Client) => void) | undefined;
}

/** What the hub needs of the port. */
export interface HubPort {
  readonly isConnected: boolean;
  /** There is more in a lane, or nothing any more. */
  laneChanged(lane: Lane): void;
}

const READ_ONLY: Refusal = {
  loss: 'readOnly',
  text: 'discarding what it sends (--read-only)',
};

const DISCONNECTED: Refusal = {
  loss: 'disconnected',
  text: 'discarding what it sends: the port is disconnected',
};

/** The clients: what the device sends goes to all of them, and what they send goes to the port, unless it must not. */
export class Hub implements ClientOwner {
  readonly #settings: HubSettings;
  readonly #port: HubPort;
  readonly #clients = new Set<Client>();
  /** Clients that have left, while the port has not accepted all that they have sent. */
  readonly #leaving = new Set<Client>();
  readonly #cutter: FrameCutter | undefined;
  readonly #total = noTraffic();
  #number = 0;
  #refused = 0;
  /** Whether a refused client has been reported since the latest client left. */
  #hasReportedRefusal = false;
  /** Bytes of the device in frames that did not end, because the port was lost. */
  #unfinishedBytes = 0;
  /** The only one that may send, once it has. */
  #speaker: Client | undefined;
  #hasReportedTooLong = false;

  constructor(settings: HubSettings, port: HubPort) {
    this.#settings = settings;
    this.#port = port;
    this.#cutter = settings.isFramed ? new FrameCutter(settings.maxFrameBytes) : undefined;
  }

  get clients(): ReadonlySet<Client> {
    return this.#clients;
  }

  /**
   * A client has connected.
   *
   * @returns the client; undefined if there are too many
   */
  add(socket: Socket, isGuarded: boolean): Client | undefined {
    const { maxClients } = this.#settings;
    const { remoteAddress, remotePort } = socket;
    const where = remoteAddress === undefined ? '' : ` (${writtenAddress(remoteAddress, remotePort!)})`;
    if (this.#clients.size >= maxClients) {
      this.#refused++;
      socket.on('error', () => {}).destroy();
      if (!this.#hasReportedRefusal) {
        this.#hasReportedRefusal = true;
        printMessage(`refused a client${where}: there are ${count(maxClients, 'client')} already; raise --max-clients`);
      }
      return undefined;
    }
    this.#makeRoom();
    const name = `client ${++this.#number}${where}`;
    const client = new Client(name, socket, isGuarded, this.#settings, this);
    this.#clients.add(client);
    printMessage(`${name} connected; ${count(this.#clients.size, 'client')}`);
    this.#settings.prepare?.(client);
    return client;
  }

  /** The device has sent bytes, which are valid until this returns. */
  received(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk);
    const data = this.#cutter === undefined ? bytes : this.#cutter.push(bytes);
    if (this.#cutter !== undefined && this.#cutter.tooLongFrames > 0 && !this.#hasReportedTooLong) {
      this.#hasReportedTooLong = true;
      printMessage(
        `the device sends frames longer than ${count(this.#settings.maxFrameBytes, 'byte')}, which are discarded; raise --max-packet, or use --bytes if it does not send COBS frames`,
      );
    }
    if (data !== undefined && this.#clients.size > 0) {
      const frames = this.#cutter === undefined ? 0 : countFrames(data);
      for (const client of this.#clients) {
        client.deliver(data, frames);
      }
    }
  }

  /** The port was lost: the frame that has not ended never will. */
  portClosed(): void {
    this.#unfinishedBytes += this.#cutter?.reset() ?? 0;
  }

  refusal(client: Client): Refusal | undefined {
    if (this.#settings.isReadOnly) {
      return READ_ONLY;
    }
    if (this.#settings.hasOneSpeaker) {
      this.#speaker ??= client;
      if (client !== this.#speaker) {
        const text = `discarding what it sends: with --delivery acknowledged one client can send, and ${this.#speaker.name} was first`;
        return { loss: 'listening', text };
      }
    }
    return this.#port.isConnected ? undefined : DISCONNECTED;
  }

  laneChanged(lane: Lane): void {
    this.#port.laneChanged(lane);
  }

  left(client: Client, why: string): void {
    this.#clients.delete(client);
    this.#hasReportedRefusal = false;
    if (this.#speaker === client) {
      this.#speaker = undefined;
    }
    const traffic = addTraffic(noTraffic(), client);
    printMessage(`${client.name} ${why}; ${describeTraffic(traffic, this.#settings.isFramed)}`);
    // What it has sent is still written.
    this.#leaving.add(client);
    void client.lane.idle().then(() => {
      this.#leaving.delete(client);
      addTraffic(this.#total, client);
    });
  }

  /** What clients have left behind takes memory, too: drops the oldest of it if it belongs to as many as may connect. */
  #makeRoom(): void {
    if (this.#clients.size + this.#leaving.size >= this.#settings.maxClients) {
      [...this.#leaving].find(({ lane }) => lane.waitingBytes > 0)?.abandon();
    }
  }

  /** Closes all clients, each after it has received what was sent to it. */
  async close(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.close()));
  }

  /** Whether whole frames are exchanged, and not bytes. */
  get isFramed(): boolean {
    return this.#settings.isFramed;
  }

  /** What all clients have exchanged with the device so far. */
  get traffic(): Traffic {
    const traffic = { ...this.#total };
    for (const client of [...this.#clients, ...this.#leaving]) {
      addTraffic(traffic, client);
    }
    return traffic;
  }

  /** One line with all of that, for the end. */
  summary(): string {
    const tooLong = this.#cutter?.tooLongFrames ?? 0;
    return [
      `served ${count(this.#number, 'client')}${this.#refused > 0 ? `, refused ${this.#refused}` : ''}`,
      describeTraffic(this.traffic, this.#settings.isFramed),
      ...(tooLong > 0 ? [`${count(tooLong, 'frame')} of the device too long`] : []),
      ...(this.#unfinishedBytes > 0 ? [`${count(this.#unfinishedBytes, 'byte')} of the device in no frame`] : []),
    ].join('; ');
  }

  /** Resolves when the port has accepted what all clients have sent. */
  async written(): Promise<void> {
    await Promise.all([...this.#clients, ...this.#leaving].map(({ lane }) => lane.idle()));
  }
}
