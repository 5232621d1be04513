/** Something that happens once, at a time that can be changed. */
interface Alarm {
  readonly callback: () => void;
  /** When it is due, in nanoseconds. */
  nanos: number;
}

/** The time of a simulated RP2040, in nanoseconds, with alarms. The clock that rp2040js expects. */
export class SimulatedClock {
  #nanos: number;
  #nextNanos = Number.POSITIVE_INFINITY;
  /** Sorted latest first, so that the next one is at the end. */
  readonly #alarms: Alarm[] = [];

  constructor(nanos: number) {
    this.#nanos = nanos;
  }

  get nanos(): number {
    return this.#nanos;
  }

  /** When the next alarm is due; infinity if there is none. */
  get nextNanos(): number {
    return this.#nextNanos;
  }

  createAlarm(callback: () => void): { schedule(deltaNanos: number): void; cancel(): void } {
    const alarm = { callback, nanos: 0 };
    return {
      schedule: (deltaNanos) => {
        this.#remove(alarm);
        alarm.nanos = this.#nanos + Math.max(0, deltaNanos);
        this.#insert(alarm);
      },
      cancel: () => this.#remove(alarm),
    };
  }

  /** Lets time pass, and calls what is due. */
  advance(deltaNanos: number): void {
    const target = this.#nanos + deltaNanos;
    while (this.#nextNanos <= target) {
      const alarm = this.#alarms.pop()!;
      this.#findNext();
      this.#nanos = Math.max(this.#nanos, alarm.nanos);
      alarm.callback();
    }
    this.#nanos = target;
  }

  #insert(alarm: Alarm): void {
    const alarms = this.#alarms;
    let index = alarms.length;
    while (index > 0 && alarms[index - 1]!.nanos <= alarm.nanos) {
      index--;
    }
    alarms.splice(index, 0, alarm);
    this.#findNext();
  }

  #remove(alarm: Alarm): void {
    const index = this.#alarms.indexOf(alarm);
    if (index >= 0) {
      this.#alarms.splice(index, 1);
      this.#findNext();
    }
  }

  #findNext(): void {
    this.#nextNanos = this.#alarms.at(-1)?.nanos ?? Number.POSITIVE_INFINITY;
  }
}
