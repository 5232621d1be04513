import { SerialCommunicator } from 'serial-communicator';

/** A communicator with one connection, and its events. */
export class Watched {
  events = [];
  packets = 0;
  handler = () => {};

  constructor(connection, options = {}) {
    this.serial = new SerialCommunicator(options);
    this.serial.addConnection('board', { baudRate: 115_200, required: connection.reconnect === false, ...connection });
    this.serial.on('connected', ({ path }) => this.#note('connected', path));
    this.serial.on('disconnected', ({ error, willReconnect }) => this.#note('disconnected', error.code, willReconnect));
  }

  /** Sets a receive handler that counts packets. */
  receive() {
    this.serial.setReceiveHandler((_name, packet) => {
      this.packets++;
      return this.handler(packet);
    });
  }

  /** Returns how often an event was emitted. */
  count(event) {
    return this.events.filter((noted) => noted.event === event).length;
  }

  #note(event, ...what) {
    this.events.push({ event, what, at: performance.now() });
  }
}

/** Sends packets, several at a time, until one fails. Returns the error codes. */
export async function sendUntilFailure(serial, bytes = 200) {
  const packet = new Uint8Array(bytes).fill(0x55);
  const outcomes = new Set();
  const sender = async () => {
    while (outcomes.size === 0) {
      await serial.send('board', packet).catch((error) => outcomes.add(error.code));
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  return [...outcomes];
}
