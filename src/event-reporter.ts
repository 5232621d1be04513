import { type Channel, channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';

/** Reports the events of one object to its listeners and to the subscribers of `node:diagnostics_channel`. */
export class EventReporter {
  readonly emitter = new EventEmitter();
  readonly #owner: object;

  /** @param owner - added to each payload on the diagnostics channels, as `communicator` */
  constructor(owner: object) {
    this.#owner = owner;
  }

  /** Whether anyone listens to the event. */
  isHeard(event: string): boolean {
    return this.emitter.listenerCount(event) > 0 || diagnostics(event).hasSubscribers;
  }

  /** Reports an event. If a listener throws, the caller does not notice: the error becomes an uncaught exception. */
  emit(event: string, payload: object): void {
    const subscribers = diagnostics(event);
    if (subscribers.hasSubscribers) {
      subscribers.publish({ communicator: this.#owner, ...payload });
    }
    try {
      this.emitter.emit(event, payload);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
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
