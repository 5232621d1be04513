import type { DeliveryFailure, DeliveryListener, OutgoingPacket } from '../../delivery/outgoing-packet.js';
import type { Transmission } from '../../requests/transmission.js';

/** What a pending send needs of its connection. */
export interface PendingSendOwner {
  /** The application of the device has taken it. Of a datagram: it is written. Counts it, and resolves it. */
  delivered(send: PendingSend): void;
  /** Counts a failure, and returns its error. */
  failed(send: PendingSend, failure: DeliveryFailure): Error;
}

/** A packet that the application has sent, from its `send` or `request` to its end. */
export class PendingSend implements DeliveryListener {
  /** Undefined for a request, which is told instead. */
  readonly promise: Promise<void> | undefined;
  readonly packetBytes: number;
  readonly #owner: PendingSendOwner;
  readonly #transmission: Transmission | undefined;
  /** Set when the opener has accepted it. */
  packet: OutgoingPacket | undefined;
  /** Stops watching the signal. */
  unwatch: (() => void) | undefined;
  #isSettled = false;
  #resolve: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** @param transmission - of a request */
  constructor(packetBytes: number, transmission: Transmission | undefined, owner: PendingSendOwner) {
    this.packetBytes = packetBytes;
    this.#owner = owner;
    this.#transmission = transmission;
    this.promise =
      transmission === undefined
        ? new Promise((resolve, reject) => {
            this.#resolve = resolve;
            this.#reject = reject;
          })
        : undefined;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  sending(): void {
    this.#transmission?.beginWriting();
  }

  delivered(): void {
    this.#owner.delivered(this);
  }

  failed(failure: DeliveryFailure): void {
    this.reject(this.#owner.failed(this, failure));
  }

  resolve(): void {
    this.#isSettled = true;
    this.unwatch?.();
    this.#resolve?.();
    this.#transmission?.written();
  }

  reject(error: unknown): void {
    this.#isSettled = true;
    this.unwatch?.();
    this.#reject?.(error);
    const transmission = this.#transmission;
    if (transmission !== undefined) {
      // Later, since the request starts others, which would be added while packets are being failed.
      queueMicrotask(() => transmission.failed(error));
    }
  }
}
