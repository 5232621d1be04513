import type { Instance } from '../messages.js';

/** How long a bridge that seems to hold the name has to answer a claim, in milliseconds. */
const ANSWER_MS = 2_000;

/** How long the echo of our own message may take, in milliseconds. */
const ECHO_MS = 5_000;

/** Claims of others since the last answer that are remembered. */
const MAX_UNANSWERED = 64;

/**
 * - `idle`: not connected to the broker
 * - `asking`: waits for the echo of our claim; the retained state arrives before, if there is one
 * - `doubting`: the retained state is that of another bridge, which has some time to answer the claim
 * - `announcing`: `online` is published; the first `online` in the order of the broker decides
 * - `held`: the name is ours
 * - `lost`: another bridge has it; final
 */
export type ClaimState = 'idle' | 'asking' | 'doubting' | 'announcing' | 'held' | 'lost';

/** A message on the topic `state` of the bridge. */
export interface StateMessage {
  readonly isOnline: boolean;
  readonly instance: Instance | undefined;
  /** Whether the broker has kept it: it need not be true any more. */
  readonly isRetained: boolean;
  /** Where the bridge runs, for messages. */
  readonly where: string;
}

export interface ClaimOwner {
  /** Publishes `online`: to take the name, to answer a claim, or to put a wrong retained state right. */
  announce(): void;
  held(): void;
  /** What we have published does not come back. */
  silent(): void;
  /** @param where - where the bridge runs that has the name */
  lost(where: string): void;
}

/**
 * Makes sure that one bridge has a name. All bridges see the messages in the order of the broker, and follow the same rule,
 * so they agree: the first `online` wins, and who does not answer a claim in time loses to the `online` that follows it.
 */
export class NameClaim {
  readonly #own: Instance;
  readonly #owner: ClaimOwner;
  #state: ClaimState = 'idle';
  #timer: NodeJS.Timeout | undefined;
  /** Whether the retained state is that of another bridge. */
  #isDoubtful = false;
  /** Others whose claims came after our last `online`. */
  readonly #unanswered = new Set<Instance>();

  constructor(own: Instance, owner: ClaimOwner) {
    this.#own = own;
    this.#owner = owner;
  }

  get state(): ClaimState {
    return this.#state;
  }

  /** There is a connection. The topics are subscribed to next, and then the claim is published. */
  begin(): void {
    this.#isDoubtful = false;
    this.#unanswered.clear();
    this.#enter('asking');
    this.#timer = setTimeout(() => this.#owner.silent(), ECHO_MS);
  }

  /** The connection to the broker is lost or closed. */
  end(): void {
    if (this.#state !== 'lost') {
      this.#enter('idle');
    }
  }

  claimed(instance: Instance): void {
    if (instance !== this.#own) {
      if (this.#state === 'held') {
        if (this.#unanswered.size === MAX_UNANSWERED) {
          this.#unanswered.clear();
        }
        this.#unanswered.add(instance);
        this.#owner.announce();
      }
    } else if (this.#state === 'asking') {
      if (this.#isDoubtful) {
        this.#enter('doubting');
        this.#timer = setTimeout(() => this.#announce(), ANSWER_MS);
      } else {
        this.#announce();
      }
    }
  }

  reported({ isOnline, instance, isRetained, where }: StateMessage): void {
    const isOwn = instance === this.#own;
    switch (this.#state) {
      case 'asking':
        if (isOnline && !isOwn) {
          if (isRetained) {
            this.#isDoubtful = true;
          } else {
            this.#lose(where);
          }
        }
        break;
      case 'doubting':
        if (isOnline && !isOwn) {
          this.#lose(where);
        } else if (!isOnline) {
          this.#announce();
        }
        break;
      case 'announcing':
        if (isOnline && isOwn) {
          this.#enter('held');
          this.#owner.held();
        } else if (isOnline) {
          this.#lose(where);
        }
        break;
      case 'held':
        this.#heldAndReported(isOnline, instance, where);
        break;
      case 'idle':
      case 'lost':
        break;
    }
  }

  #heldAndReported(isOnline: boolean, instance: Instance | undefined, where: string): void {
    if (isOnline && instance === this.#own) {
      this.#unanswered.clear();
    } else if (isOnline && instance !== undefined && this.#unanswered.has(instance)) {
      // It claimed the name, and came before our answer: this bridge was too slow.
      this.#lose(where);
    } else {
      // Somebody else's mistake, or the will of an earlier connection.
      this.#owner.announce();
    }
  }

  #announce(): void {
    this.#enter('announcing');
    this.#timer = setTimeout(() => this.#owner.silent(), ECHO_MS);
    this.#owner.announce();
  }

  #lose(where: string): void {
    this.#enter('lost');
    this.#owner.lost(where);
  }

  #enter(state: ClaimState): void {
    clearTimeout(this.#timer);
    this.#state = state;
  }
}
