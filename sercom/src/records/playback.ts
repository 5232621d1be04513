import type { RecordFilter } from './filter.js';
import { readRecording } from './recording.js';
import { ReplayClock } from './replay-clock.js';
import type { RecordConsumer, RecordSource } from './source.js';

export interface PlaybackOptions {
  /** A log or a capture; `-` is stdin. */
  file: string;
  /** How often to play it. */
  rounds: number;
  /** 2 is twice as fast as recorded; 0 does not wait. */
  speed: number;
  /** The records to play. */
  matches: RecordFilter;
}

/** Plays a recording: delivers its records when they are due, one after the other. */
export class Playback implements RecordSource {
  readonly #options: PlaybackOptions;
  #skippedRecords = 0;

  constructor(options: PlaybackOptions) {
    this.#options = options;
  }

  /** The number of records that did not match. */
  get skippedRecords(): number {
    return this.#skippedRecords;
  }

  async deliver(take: RecordConsumer, signal: AbortSignal, started = () => {}): Promise<void> {
    const { file, rounds, speed, matches } = this.#options;
    const clock = new ReplayClock(speed, signal);
    // A round without a record would repeat for ever without waiting for anything.
    for (let round = 0, played = -1; round < rounds && played !== 0; round++) {
      played = 0;
      clock.restart();
      for await (const record of readRecording(file, signal)) {
        if (!matches(record)) {
          this.#skippedRecords++;
          continue;
        }
        await clock.due(record.timeUs);
        played++;
        await take(record);
      }
    }
    started();
  }
}
