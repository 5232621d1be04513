import { COM_PORT } from './com-port-option.js';
import { type TelnetVerb, telnetNegotiation } from './telnet.js';

const { binary, suppressGoAhead, comPort } = COM_PORT.options;

/** RFC 860: the answer shows that the peer has read everything that was sent before. */
const TIMING_MARK = 6;

/**
 * The state of an option on one end, which uses it or not:
 *
 * - `off`: not used, and nobody has asked for it
 * - `asked`: this end has asked for it
 * - `on`: both ends agree to it
 * - `refused`: the server does not want it
 */
export type OptionState = 'off' | 'asked' | 'on' | 'refused';

/** The only place that changes the state of an option. `isYes`: whether the server wants it on, or agrees to it. */
function transition(state: OptionState, isYes: boolean): OptionState {
  if (isYes) {
    return 'on';
  }
  return state === 'off' ? 'off' : 'refused';
}

/** Whether a change needs an answer. The answer to a question needs none, nor does what does not change anything. */
function needsAnswer(before: OptionState, after: OptionState): boolean {
  return before !== 'asked' && before !== after;
}

/**
 * The client's side of telnet: asks the server for the options that RFC 2217 needs, and refuses others. Pure: commands in,
 * bytes out.
 */
export class Negotiation {
  /** What this end may do. */
  readonly #here = new Map<number, OptionState>([
    [comPort, 'off'],
    [binary, 'off'],
    [suppressGoAhead, 'off'],
  ]);
  /** What the server may do. */
  readonly #there = new Map<number, OptionState>([
    [binary, 'off'],
    [suppressGoAhead, 'off'],
  ]);
  readonly #onMark: () => void;

  /** @param onMark - called when the server answers {@link mark} */
  constructor(onMark: () => void) {
    this.#onMark = onMark;
  }

  /** Whether the server obeys the commands of RFC 2217. */
  get comPort(): OptionState {
    return this.#here.get(comPort)!;
  }

  /** Whether the server has agreed to pass on bytes unchanged, both ways. Without that, it may change line ends. */
  get isBinary(): boolean {
    return this.#here.get(binary) === 'on' && this.#there.get(binary) === 'on';
  }

  /**
   * Asks for all options. RFC 2217 itself is never asked of the server by DO: if the port passes on raw bytes to a device
   * that echoes them, that would come back as the agreement.
   */
  open(): Uint8Array {
    const questions = [...this.#ask(this.#here, 'will'), ...this.#ask(this.#there, 'do')];
    return Buffer.concat(questions);
  }

  /** Asks for an answer that the server gives when it has read everything before. */
  mark(): Uint8Array {
    return telnetNegotiation('do', TIMING_MARK);
  }

  /** The server negotiates an option. Returns the answer, if there is one. */
  received(verb: TelnetVerb, option: number): Uint8Array | undefined {
    const isYes = verb === 'will' || verb === 'do';
    if (verb === 'do' || verb === 'dont') {
      return this.#answer(this.#here, option, isYes, isYes ? 'will' : 'wont');
    }
    if (option === TIMING_MARK) {
      this.#onMark();
      return undefined;
    }
    // pyserial's server offers it too. It has no meaning there, and an answer could come back as an echo.
    return option === comPort ? undefined : this.#answer(this.#there, option, isYes, isYes ? 'do' : 'dont');
  }

  #ask(states: Map<number, OptionState>, verb: TelnetVerb): Uint8Array[] {
    return [...states.keys()].map((option) => {
      states.set(option, 'asked');
      return telnetNegotiation(verb, option);
    });
  }

  #answer(states: Map<number, OptionState>, option: number, isYes: boolean, verb: TelnetVerb): Uint8Array | undefined {
    const before = states.get(option);
    if (before === undefined) {
      const refusal = states === this.#here ? 'wont' : 'dont';
      return isYes ? telnetNegotiation(refusal, option) : undefined;
    }
    const after = transition(before, isYes);
    states.set(option, after);
    return needsAnswer(before, after) ? telnetNegotiation(verb, option) : undefined;
  }
}
