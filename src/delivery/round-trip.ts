/** A time-out never grows beyond this, unless round trips take as long. */
const MAX_TIMEOUT_MS = 2_000;

/** Measures the round trip, and says how long to wait for an acknowledgement: RFC 6298, with another least value. */
export class RoundTrip {
  #smoothedMs: number | undefined;
  #variationMs = 0;
  /** How often the time-out has doubled since the last measurement. */
  #doublings = 0;

  /** The least time-out. */
  minTimeoutMs = 0;

  /** @param firstMs - the first measurement, from the handshake */
  constructor(firstMs: number | undefined) {
    if (firstMs !== undefined) {
      this.measured(firstMs);
    }
  }

  /** The smoothed round trip in milliseconds, or `undefined` before the first measurement. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  get timeoutMs(): number {
    const measuredMs = this.#smoothedMs === undefined ? 1_000 : this.#smoothedMs + 4 * this.#variationMs;
    const leastMs = Math.max(measuredMs, this.minTimeoutMs);
    return Math.min(leastMs * 2 ** this.#doublings, Math.max(leastMs, MAX_TIMEOUT_MS));
  }

  /** The round trip of a packet that was sent once. That of a packet sent again would be ambiguous (Karn). */
  measured(roundTripMs: number): void {
    this.#doublings = 0;
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = roundTripMs;
      this.#variationMs = roundTripMs / 2;
    } else {
      this.#variationMs += (Math.abs(this.#smoothedMs - roundTripMs) - this.#variationMs) / 4;
      this.#smoothedMs += (roundTripMs - this.#smoothedMs) / 8;
    }
  }

  /** No acknowledgement arrived in time. */
  timedOut(): void {
    // More would only overflow.
    this.#doublings = Math.min(this.#doublings + 1, 16);
  }
}
