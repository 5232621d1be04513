import type { RecordConsumer } from '../../records/source.js';
import type { LivePorts } from '../../session/live-ports.js';
import { RawRows } from '../../session/raw-rows.js';
import type { ScreenLines } from '../../sinks/screen-lines.js';

/** Shows bytes as they arrive instead of received packets: with `--raw` from the start, with a key from then on. */
export class RawView {
  readonly #lines: ScreenLines;
  readonly #rows: RawRows;
  #stop: (() => void) | undefined;

  constructor(lines: ScreenLines, take: RecordConsumer) {
    this.#lines = lines;
    this.#rows = new RawRows(take);
  }

  open(live: LivePorts): void {
    this.#stop = live.onChunk(this.#rows.add);
    this.#lines.showsRaw = true;
  }

  /** Ends the last rows, and shows packets again. */
  close(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#rows.flush();
    this.#lines.showsRaw = false;
  }

  /** Opens or closes it. Returns what is shown now. */
  toggle(live: LivePorts): string {
    if (this.#lines.showsRaw) {
      this.close();
      return 'showing packets';
    }
    this.open(live);
    return 'showing bytes as they arrive; press b for packets';
  }
}
