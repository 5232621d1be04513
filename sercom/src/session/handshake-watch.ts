import { SessionListener } from 'serial-communicator';
import type { SessionPort } from '../ports/open-ports.js';
import { printMessage } from '../terminal/message.js';

/** Reports, once for each port, that a device answers to plain packets with frames of acknowledged delivery. */
export class HandshakeWatch {
  /** Ports with plain packets. */
  readonly #names: Set<string>;

  constructor(ports: readonly SessionPort[]) {
    this.#names = new Set(ports.filter(({ connection }) => connection.delivery === undefined).map(({ name }) => name));
  }

  take(name: string, packet: Uint8Array): void {
    // STATUS or NO_SESSION, with its CRC.
    const isLikeAnswer = (packet[0] === 0xc2 && packet.length === 20) || (packet[0] === 0xc3 && packet.length === 10);
    if (isLikeAnswer && this.#names.has(name) && new SessionListener().receive(packet)[0]?.type !== 'unknown') {
      this.#names.delete(name);
      printMessage(
        `"${name}": the device answers with frames of acknowledged delivery: use --delivery acknowledged, or --delivery listen to decode the session of another program`,
      );
    }
  }
}
