import { type Channel, channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';

/**
 * An object with events, each of which has one object as its payload. They go to listeners and to the subscribers of
 * `node:diagnostics_channel`.
 *
 * @typeParam Events - name and payload of each event
 */
export abstract class EventSource<Events> {
  readonly #emitter = new EventEmitter();

  /** Calls `listener` for each event of that name, in the order of the calls, as Node's `EventEmitter` does. */
  on<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#emitter.on(event, listener);
    return this;
  }

  /** Calls `listener` for the next event of that name only. */
  once<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#emitter.once(event, listener);
    return this;
  }

  /** Removes a listener that `on` or `once` added. */
  off<Name extends keyof Events & string>(event: Name, listener: (payload: Events[Name]) => void): this {
    this.#emitter.off(event, listener);
    return this;
  }

  /**
   * Reports an event to its listeners, and to the subscribers of the diagnostics channel `serial-communicator:` plus its
   * name, who get the payload with `communicator` added. If a listener throws, the caller does not notice: the error
   * becomes an uncaught exception.
   */
  protected emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void {
    const subscribers = diagnostics(event);
    if (subscribers.hasSubscribers) {
      subscribers.publish({ communicator: this, ...payload });
    }
    try {
      this.#emitter.emit(event, payload);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** Whether anyone listens to an event. For events whose objects would cost time on the path of a packet. */
  protected isHeard(event: keyof Events & string): boolean {
    return this.#emitter.listenerCount(event) > 0 || diagnostics(event).hasSubscribers;
  }
}

const channels = new Map<string, Channel>();

function diagnostics(event: string): Channel {
  let found = channels.get(event);
  if (found === undefined) {
    found = channel(`serial-communicator:${event}`);
    channels.set(event, found);
  }
  return found;
}
