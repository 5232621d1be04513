import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import {
  COM_PORT,
  type ComPortCommand,
  decodeComPort,
  encodeComPort,
  type SignalSettings,
  type Signals,
  TelnetDecoder,
} from 'serial-communicator';
import { expect, onTestFinished } from 'vitest';
import type { Client } from '../../src/commands/serve/client.js';
import { ComPort, type ControlledPort } from '../../src/commands/serve/com-port.js';
import { Hub } from '../../src/commands/serve/hub.js';
import type { LineSettings } from '../../src/commands/serve/line-settings.js';
import { Rfc2217Server } from '../../src/commands/serve/rfc2217-server.js';
import { redirectMessages } from '../../src/terminal/message.js';

/** A port in memory: what is done with it is recorded. */
class FakePort implements ControlledPort {
  settings: LineSettings = {
    baudRate: 115_200,
    dataBits: 8,
    stopBits: 1,
    parity: 'none',
    rtscts: false,
    xon: false,
    xoff: false,
  };
  readonly calls: string[] = [];
  lines: Signals | undefined = { cts: true, dsr: false, dcd: false };
  hasLines = true;
  /** Changes take until it resolves. */
  changing: Promise<unknown> | undefined;

  async change(changes: Partial<LineSettings>): Promise<void> {
    this.calls.push(`change ${JSON.stringify(changes)}`);
    await this.changing;
    if (changes.parity === 'mark') {
      throw new Error('mark works on Windows only');
    }
    this.settings = { ...this.settings, ...changes };
  }

  async setSignals(signals: SignalSettings): Promise<void> {
    this.calls.push(`set ${JSON.stringify(signals)}`);
    if (!this.hasLines) {
      throw new Error('this port has no control lines');
    }
    await new Promise(setImmediate);
  }

  async signals(): Promise<Signals> {
    if (this.lines === undefined) {
      throw new Error('this port has no control lines');
    }
    return this.lines;
  }
}

/** A telnet client whose every received command is recorded. */
class TelnetClient {
  readonly socket: Socket;
  /** What the server has sent, in order: `baudRate 9600`, `do 44` or `data …`. */
  readonly received: string[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    const decoder = new TelnetDecoder({
      data: (bytes) => this.received.push(`data ${Buffer.from(bytes).toString('hex')}`),
      negotiation: (verb, option) => this.received.push(`${verb} ${option}`),
      subnegotiation: (_, value) => {
        const { command, value: number, text, isFromServer } = decodeComPort(value)!;
        expect(isFromServer).toBe(true);
        this.received.push(`${command} ${command === 'signature' ? text : number}`);
      },
    });
    socket.on('data', (chunk: Buffer) => decoder.push(chunk));
  }

  send(...parts: Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** Sends commands in one write. */
  ask(...commands: (readonly [ComPortCommand, number | string])[]): void {
    this.send(...commands.map(([command, value]) => encodeComPort(command, value)));
  }

  /** Resolves once the last thing received is this. */
  async until(last: string): Promise<string[]> {
    while (this.received.at(-1) !== last) {
      await once(this.socket, 'data');
    }
    return this.received;
  }
}

/** A server for a port in memory. Data of clients ends up in `port.calls`. */
export async function serveInMemory({ isReadOnly = false } = {}): Promise<{
  port: FakePort;
  client: () => Promise<TelnetClient>;
  hub: Hub;
  messages: string[];
}> {
  const messages: string[] = [];
  redirectMessages((line) => messages.push(line));
  onTestFinished(() => redirectMessages());
  const port = new FakePort();
  const comPort = new ComPort(port, { dtr: true, rts: true, brk: false }, isReadOnly);
  const hub = new Hub(
    {
      isFramed: false,
      maxFrameBytes: 1_000,
      queueBytes: 65_536,
      isReadOnly,
      hasOneSpeaker: false,
      maxClients: 10,
      prepare: (client: Client) => void new Rfc2217Server(client, comPort),
    },
    {
      isConnected: true,
      laneChanged(lane) {
        if (lane.waitingBytes === 0) {
          return;
        }
        port.calls.push(`write ${Buffer.from(lane.take()).toString('hex')}`);
        lane.written();
      },
    },
  );
  const server = createServer((socket) => hub.add(socket, true)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await hub.close();
  });
  return {
    port,
    hub,
    messages,
    async client() {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      const client = new TelnetClient(socket);
      await client.until(`do ${COM_PORT.options.comPort}`);
      client.received.length = 0;
      return client;
    },
  };
}
