import type { SimulatedChip } from '../chip/simulated-chip.js';

/** Why a byte to the board was lost on the way. */
export type LossReason = 'receiverOff' | 'bootLoader' | 'baudMismatch';

/** Gives a {@link HostLink} its bytes, and is notified of what becomes of them. */
export interface LinkHost {
  /** Takes the next byte to send. Returns undefined if there is none. */
  takeOutput(): number | undefined;
  /** No byte was left to send. */
  idle(): void;
  /** The board has received a byte. */
  received(): void;
  lost(reason: LossReason): void;
}

/** The way of the bytes from the host to the chip. */
export interface HostLink {
  /** Nothing is on the way. */
  readonly isIdle: boolean;
  /** There are bytes to send. If nothing is on the way, the first begins at the given cycle. */
  wake(beginCycles: number): void;
  /** Discards the bytes that the host has given, and that are not on the way yet. Returns how many. */
  discard(): number;
  /** The board was reset: this is the new chip. */
  attach(chip: SimulatedChip): void;
}
