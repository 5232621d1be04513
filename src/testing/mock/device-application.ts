import { isUint8Array } from 'node:util/types';
import { describeValue } from '../../options.js';
import { ERROR_CODES } from '../device-ids.js';
import type { DeviceRequests } from './device-requests.js';
import { History } from './history.js';
import type { MockDevice } from './mock-device.js';
import type { MockDeviceOptions } from './mock-device-options.js';

/** Sends a packet that has its id, if it needs one. */
type Send = (packet: Uint8Array, isDatagram: boolean) => Promise<void>;

/** What a `MockDevice` does with the packets that it receives. */
export class DeviceApplication {
  readonly received: History<Uint8Array>;
  readonly requestErrors: History<unknown>;
  tooShortFrames = 0;
  readonly #device: MockDevice;
  readonly #options: MockDeviceOptions;
  readonly #requests: DeviceRequests | undefined;
  readonly #send: Send;
  readonly #takers: ((packet: Uint8Array) => void)[] = [];

  constructor(
    device: MockDevice,
    options: MockDeviceOptions,
    historyLength: number,
    requests: DeviceRequests | undefined,
    send: Send,
  ) {
    this.received = new History(historyLength);
    this.requestErrors = new History(historyLength);
    this.#device = device;
    this.#options = options;
    this.#requests = requests;
    this.#send = send;
  }

  /** As `MockDevice.nextPacket`. */
  async nextPacket(): Promise<Uint8Array> {
    return this.received.take() ?? new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Takes a packet, which has its id. Never throws: the write of the host that brought the packet is not to blame. */
  packetArrived(packet: Uint8Array, isDatagram: boolean): void {
    if (this.#requests !== undefined) {
      this.#packetWithIdArrived(packet, isDatagram, this.#requests);
      return;
    }
    this.#record(packet);
    this.#callOnPacket(packet);
    const { onRequest, echo } = this.#options;
    if (onRequest !== undefined) {
      void this.#reply(onRequest, packet, undefined);
    } else if (echo) {
      this.#sendUnawaited(packet, isDatagram);
    }
  }

  #packetWithIdArrived(packet: Uint8Array, isDatagram: boolean, requests: DeviceRequests): void {
    const split = requests.split(packet);
    if (split === undefined) {
      this.tooShortFrames++;
      return;
    }
    if (requests.takeReply(split)) {
      return;
    }
    const { id, payload } = split;
    const { onRequest, echo } = this.#options;
    this.#record(payload);
    if (id === 0) {
      this.#callOnPacket(payload);
      if (echo) {
        this.#sendUnawaited(packet, isDatagram);
      }
    } else if (onRequest !== undefined) {
      void this.#reply(onRequest, payload, id);
    } else {
      this.#sendUnawaited(echo ? packet : requests.errorReply(id, ERROR_CODES.noHandler));
    }
  }

  #record(packet: Uint8Array): void {
    this.received.add(packet);
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      this.received.take();
      taker(packet);
    }
  }

  #callOnPacket(packet: Uint8Array): void {
    try {
      // A rejected promise is deliberately not handled: it becomes an unhandled rejection, and the test fails.
      this.#options.onPacket?.(packet, this.#device);
    } catch (error) {
      // If the host's write threw it, the host would take it for a fault of the port.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** Rejects, which makes the test fail, if the result of `onRequest` is wrong or its error cannot be sent. */
  async #reply(
    onRequest: NonNullable<MockDeviceOptions['onRequest']>,
    packet: Uint8Array,
    id: number | undefined,
  ): Promise<void> {
    let reply: Uint8Array | undefined;
    try {
      reply = await onRequest(packet, this.#device);
    } catch (error) {
      if (id === undefined) {
        throw error;
      }
      this.requestErrors.add(error);
      this.#sendUnawaited(this.#requests!.errorReply(id, ERROR_CODES.handlerFailed));
      return;
    }
    if (reply === undefined) {
      return;
    }
    if (!isUint8Array(reply)) {
      const { path } = this.#device;
      const got = describeValue(reply);
      throw new TypeError(`MockDevice ${path}: onRequest returned ${got}; expected a Uint8Array or undefined`);
    }
    this.#sendUnawaited(id === undefined ? reply : this.#requests!.join(id, reply));
  }

  #sendUnawaited(packet: Uint8Array, isDatagram = false): void {
    // The port may have been closed by now, or may be before the packet fits: discardedBytes counts the rest. With
    // acknowledged delivery, the session may end.
    this.#send(packet, isDatagram).catch(() => {});
  }
}
