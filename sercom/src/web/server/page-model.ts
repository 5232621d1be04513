import type { RecordDecoder } from '../../decoders/record-decoder.js';
import type { Batch, Hello } from '../protocol.js';
import type { PlotMarks } from '../series/plot-marks.js';
import type { SeriesStore } from '../series/series-store.js';
import type { Kinds } from '../store/kinds.js';
import type { PacketStore } from '../store/packet-store.js';
import type { Connections } from './connections.js';
import type { PageSender } from './page-sender.js';
import type { RowCounts } from './row-counts.js';
import type { Rows } from './rows.js';

/** Why nothing more will come. */
export type End = NonNullable<Batch['end']>;

/** What all feeds and requests of the page are about. */
export interface PageModel {
  readonly hello: Omit<Hello, 'feed' | 'names' | 'canSend'>;
  readonly store: PacketStore;
  readonly series: SeriesStore;
  readonly plotMarks: PlotMarks;
  readonly kinds: Kinds;
  readonly connections: Connections;
  /** Has to count before kinds and connections are looked at. */
  readonly counts: RowCounts;
  readonly rows: Rows;
  readonly decoder: RecordDecoder | undefined;
  /** What captures name dissectors for. */
  readonly captureDecoder: RecordDecoder | undefined;
  readonly hasIds: boolean;
  /** Sends packets and sets markers. None if that is not allowed. */
  readonly sender: PageSender | undefined;
  /** Set when nothing more will come. */
  end: End | undefined;
}
