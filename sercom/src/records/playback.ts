import type { RecordFilter } from './filter.js';
import { readRecordings } from './recordings.js';
import { ReplayClock } from './replay-clock.js';
import { type RequestIdBytes, separateId } from './request-ids.js';
import type { RecordConsumer, RecordSource } from './source.js';

export interface PlaybackOptions {
  /** Logs and captures; `-` is stdin. */
  files: readonly string[];
  /** How often to play it. */
  rounds: number;
  /** 2 is twice as fast as recorded; 0 does not wait. */
  speed: number;
  /** Packets begin with an id of this many bytes. Default: they have no ids. */
  requestIdBytes?: RequestIdBytes | undefined;
  /** The records to play. */
  matches: RecordFilter;
  /** Whether to end, asked after each record. Default: it ends with the recording. */
  isDone?(): boolean;
}

/** Plays recordings: delivers their records when they are due, one after the other. */
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
    const { files, rounds, speed, requestIdBytes, matches, isDone } = this.#options;
    const clock = new ReplayClock(speed, signal);
    // A round without a record would repeat for ever without waiting for anything.
    for (let round = 0, played = -1; round < rounds && played !== 0; round++) {
      played = 0;
      clock.restart();
      for await (const onWire of readRecordings(files, signal)) {
        const record = separateId(onWire, requestIdBytes);
        if (!matches(record)) {
          this.#skippedRecords++;
          continue;
        }
        await clock.due(record.timeUs);
        played++;
        await take(record);
        if (isDone?.()) {
          started();
          return;
        }
      }
    }
    started();
  }
}
