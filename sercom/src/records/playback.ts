import type { RecordFilter } from './filter.js';
import type { HeardSessions } from './heard-sessions.js';
import type { LogNote } from './log-notes.js';
import type { PacketRecord } from './record.js';
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
  /** Decodes the sessions in the recording. Default: its packets are played. */
  heard?: HeardSessions | undefined;
  /** The records to play. */
  matches: RecordFilter;
  /** Whether to end, asked after each record. Default: it ends with the recording. */
  isDone?(): boolean;
}

/** With more, they are given away before they are due. A log may have nothing else. */
const MAX_WAITING_NOTES = 1_000;

/** Plays recordings: delivers their records when they are due, one after the other. */
export class Playback implements RecordSource {
  readonly #options: PlaybackOptions;
  #skippedRecords = 0;
  #takeNote: ((note: LogNote) => void) | undefined;

  constructor(options: PlaybackOptions) {
    this.#options = options;
  }

  /** The number of records that did not match. */
  get skippedRecords(): number {
    return this.#skippedRecords;
  }

  /** Gives what logs say between their records to a listener, when the record that follows is due. Call it before the start. */
  onNote(listener: (note: LogNote) => void): void {
    this.#takeNote = listener;
  }

  async deliver(take: RecordConsumer, signal: AbortSignal, started = () => {}): Promise<void> {
    const { files, rounds, speed, requestIdBytes, heard, matches, isDone } = this.#options;
    const clock = new ReplayClock(speed, signal);
    let notes: LogNote[] = [];
    const giveNotes = () => {
      const due = notes;
      notes = [];
      due.forEach((note) => void this.#takeNote?.(note));
    };
    const keepNote = (note: LogNote) => {
      if (notes.push(note) >= MAX_WAITING_NOTES) {
        giveNotes();
      }
    };
    let played = -1;
    const play = async (decoded: PacketRecord) => {
      const record = separateId(decoded, requestIdBytes);
      if (isDone?.()) {
        return;
      }
      if (!matches(record)) {
        this.#skippedRecords++;
        return;
      }
      await clock.due(record.timeUs);
      played++;
      giveNotes();
      await take(record);
    };
    // A round without a record would repeat for ever without waiting for anything.
    for (let round = 0; round < rounds && played !== 0; round++) {
      played = 0;
      clock.restart();
      for await (const onWire of readRecordings(files, signal, this.#takeNote && keepNote)) {
        if (heard === undefined) {
          await play(onWire);
        } else {
          // Its events have no other time.
          await clock.due(onWire.timeUs);
          await heard.pass(onWire, play);
        }
        if (isDone?.()) {
          started();
          return;
        }
      }
      await heard?.end(play);
      giveNotes();
    }
    started();
  }
}
