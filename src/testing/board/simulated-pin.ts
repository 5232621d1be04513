import { EventEmitter } from 'node:events';
import type { PinState } from '../chip/simulated-chip.js';

/** What a {@link SimulatedPin} asks of its board. */
interface PinBoard {
  state(): PinState;
  set(isHigh: boolean): void;
}

/** Events of a {@link SimulatedPin}. */
export interface SimulatedPinEvents {
  /** Its level has changed. A listener may call anything: it is called soon afterwards, not while the program runs. */
  change: [isHigh: boolean];
}

/** A digital pin of a simulated board: see `SimulatedBoard.pin`. */
export class SimulatedPin extends EventEmitter<SimulatedPinEvents> {
  /** Its number on the board. */
  readonly number: number;
  readonly #board: PinBoard;
  /** The level that was reported last. */
  #reported: boolean;

  /** @internal */
  constructor(number: number, board: PinBoard) {
    super();
    this.number = number;
    this.#board = board;
    this.#reported = this.isHigh;
  }

  /**
   * Its level. For an output, what the program drives, also with PWM. For an input, what {@link setLevel} has set, or if
   * that was never called, whether the program has enabled the pull-up.
   */
  get isHigh(): boolean {
    return this.#board.state().isHigh;
  }

  /** Whether the program has made it an output. */
  get isOutput(): boolean {
    return this.#board.state().isOutput;
  }

  /** Sets its level from outside, as a switch does. An output ignores it. The level stays, also when the board resets. */
  setLevel(isHigh: boolean): void {
    this.#board.set(isHigh);
  }

  /** @internal Notes its level. Returns whether to report a change. */
  note(isHigh: boolean): boolean {
    const hasChanged = isHigh !== this.#reported;
    this.#reported = isHigh;
    return hasChanged && this.listenerCount('change') > 0;
  }
}
