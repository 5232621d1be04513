import { expect, test } from 'vitest';
import type { Batch } from '../../../src/web/protocol.js';
import { SeriesStore } from '../../../src/web/series/series-store.js';
import type { EventStream } from '../../../src/web/server/event-stream.js';
import { Feed, type FeedView, type Statuses } from '../../../src/web/server/feed.js';
import type { End, PageModel } from '../../../src/web/server/page-model.js';
import { Rows } from '../../../src/web/server/rows.js';
import { PacketStore } from '../../../src/web/store/packet-store.js';

const STATUSES: Statuses = [];
const VIEW: FeedView = { view: 1, filter: undefined, follow: 2, kinds: false };

/** A feed at a time that the test chooses, and the batches that it sends. */
class FeedRig {
  readonly batches: Batch[] = [];
  readonly store = new PacketStore({ memoryBytes: 1_000_000 });
  readonly feed: Feed;
  isBlocked = false;
  end: End | undefined;

  constructor() {
    const rig = this;
    const { store } = this;
    const model = {
      hello: {},
      store,
      series: new SeriesStore(store.memory),
      rows: new Rows(store, undefined),
      get end() {
        return rig.end;
      },
    } as unknown as PageModel;
    const stream = {
      get isBlocked() {
        return rig.isBlocked;
      },
      send: (type: string, data: Batch) => type === 'batch' && rig.batches.push(data),
    } as unknown as EventStream;
    this.feed = new Feed('feed', model, stream);
    this.feed.show(VIEW);
  }

  addPackets(packets: number): void {
    for (let index = 0; index < packets; index++) {
      this.store.add({ timeUs: this.store.end, name: 'arm', dir: 'rx', length: 1, bytes: Uint8Array.of(1) });
    }
  }

  /** What the next batch has at a time, and when there is more. */
  update(nowMs: number): { rows: number[] | undefined; heldEnd: number | undefined; dueMs: number | undefined } {
    const dueMs = this.feed.update(nowMs, STATUSES);
    const batch = this.batches.pop();
    return { rows: batch?.rows?.map(({ row }) => row), heldEnd: batch?.held?.end, dueMs };
  }
}

test('rows that come slowly are sent with the next batch', () => {
  const rig = new FeedRig();
  rig.addPackets(1);
  expect(rig.update(0)).toEqual({ rows: [0], heldEnd: 1, dueMs: undefined });
  rig.addPackets(1);
  expect(rig.update(40)).toEqual({ rows: [1], heldEnd: 2, dueMs: undefined });
});

test('rows that replace all that is shown, again and again, are sent four times a second, with what is held', () => {
  const rig = new FeedRig();
  rig.addPackets(10);
  expect(rig.update(0)).toEqual({ rows: [8, 9], heldEnd: 10, dueMs: undefined });
  rig.addPackets(10);
  expect(rig.update(40)).toEqual({ rows: undefined, heldEnd: undefined, dueMs: 210 });
  rig.addPackets(10);
  expect(rig.update(249)).toEqual({ rows: undefined, heldEnd: undefined, dueMs: 1 });
  expect(rig.update(250)).toEqual({ rows: [28, 29], heldEnd: 30, dueMs: undefined });
});

test('a new view and the end of a recording do not wait', () => {
  const rig = new FeedRig();
  rig.addPackets(10);
  rig.update(0);
  rig.addPackets(10);
  rig.feed.show({ ...VIEW, view: 2 });
  expect(rig.update(40).rows).toEqual([18, 19]);
  rig.addPackets(10);
  rig.end = { isOver: true, text: 'the recording is over' };
  expect(rig.update(80).rows).toEqual([28, 29]);
});

test('rows that a slow page misses are counted, also if the next ones wait', () => {
  const rig = new FeedRig();
  rig.addPackets(10);
  rig.update(0);
  rig.isBlocked = true;
  rig.addPackets(10);
  rig.update(40);
  rig.isBlocked = false;
  expect(rig.update(80).rows).toBeUndefined();
  expect(rig.update(250).rows).toEqual([18, 19]);
  expect(rig.feed.skippedRows).toBe(8);
});
