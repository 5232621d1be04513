import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { checkAsyncProperty } from '../../support/check-property.js';
import { FILTERS, parts, setups, TruthRig } from '../../support/truth-rig.js';
import { isPacket, type ModelRow } from '../../support/web-model.js';

// The page itself is of no interest here, and exists only after a build.
vi.mock('../../../src/web/server/static-files.js', () => ({ readStaticFiles: async () => new Map() }));
vi.mock('../../../src/terminal/message.js', () => ({ printMessage: () => {} }));

/** How much traffic is tried: `TRUTH_RUNS=500` is for a night. */
const RUNS = Number(process.env.TRUTH_RUNS ?? 12);

test('the page says of any traffic what a plain list of it says', async () => {
  const property = fc.asyncProperty(setups, parts, fc.nat(), async (setup, all, seed) => {
    const rig = await TruthRig.open(setup);
    try {
      // Sees the rows come, so that its positions outlive drops.
      const early = await rig.client.feed();
      const [earlyFilter, earlyMatches] = FILTERS[seed % FILTERS.length]!;
      await early.show({ filter: earlyFilter, follow: 3 });
      for (const part of all) {
        await rig.happen(part);
      }
      rig.page.setEnded('over');
      const { model } = rig;
      const matching = (matches: (typeof FILTERS)[number][1]) => (row: ModelRow) =>
        !isPacket(row) || matches(row, model.names[model.nameIndex(row.name)]!);
      await rig.checkCounts();
      await rig.checkKinds();
      const feed = await rig.feed();
      await rig.checkStatuses(feed);
      const rows = await rig.checkRows(feed, () => true);
      if (model.rows.length > 0) {
        await rig.checkSearches(feed, rows);
      }
      await rig.checkSaved(feed, () => true);
      const isWhole = () => early.latest.matching!.isComplete && early.latest.held?.end === model.rows.length;
      await early.until(isWhole);
      const found = await rig.checkRows(early, matching(earlyMatches));
      if (model.rows.length > 0) {
        await rig.checkSearches(early, found);
      }
      await rig.checkSaved(early, matching(earlyMatches));
      await rig.checkCounts();
    } finally {
      await rig.page.close();
    }
  });
  await checkAsyncProperty(property, RUNS);
}, 600_000);

test('feeds that read slowly lose rows, which are counted exactly, and get the newest; others with other filters get all', async () => {
  const [bursts, burstRows] = [120, 250];
  const total = bursts * burstRows;
  const rig = await TruthRig.open({ memoryBytes: 1_500_000, idBytes: 0, leadingBytes: 1, names: ['arm', 'leg'] });
  onTestFinished(() => rig.page.close());
  const all = await rig.client.feed();
  const arm = await rig.client.feed();
  const sent = await rig.client.feed();
  await all.show({ follow: 500 });
  await arm.show({ follow: 500, filter: 'name=arm' });
  await sent.show({ follow: 500, filter: 'dir=tx' });
  all.response.pause();
  arm.response.pause();
  const isArm = (row: number) => row % 4 !== 1;
  const isSent = (row: number) => row % 5 === 0;
  const rows = Array.from({ length: total }, (_, row) => row);
  for (let first = 0; first < total; first += burstRows) {
    for (const row of rows.slice(first, first + burstRows)) {
      const bytes = new Uint8Array(64).fill(0xff);
      const [name, dir] = [isArm(row) ? 'arm' : 'leg', isSent(row) ? ('tx' as const) : ('rx' as const)];
      rig.page.write({ timeUs: row, name, dir, length: 64, bytes });
    }
    const expected = rows.slice(0, first + burstRows).filter(isSent).length;
    await sent.until(() => sent.rows.length >= expected);
  }
  expect(sent.rows.map(({ row }) => row)).toEqual(rows.filter(isSent));
  expect(sent.latest.skippedRows).toBeUndefined();
  all.response.resume();
  arm.response.resume();
  await all.until(() => all.rows.at(-1)?.row === total - 1 && all.latest.skippedRows !== undefined);
  await arm.until(() => arm.rows.at(-1)?.row === rows.findLast(isArm) && arm.latest.skippedRows !== undefined);
  expect(all.latest.held!.droppedRows).toBeGreaterThan(0);
  for (const { rows: got } of [all, arm]) {
    const numbers = got.map(({ row }) => row);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  }
  expect(all.rows.length + all.latest.skippedRows!).toBe(total);
  expect(arm.rows.every(({ row }) => isArm(row))).toBe(true);
  // What was dropped before it was looked at is counted with the dropped rows.
  const { droppedRows, first } = arm.latest.held!;
  expect(droppedRows).toBe(first);
  const known = arm.rows.length + arm.latest.skippedRows!;
  expect(known).toBeLessThanOrEqual(rows.filter(isArm).length);
  expect(known).toBeGreaterThanOrEqual(rows.filter((row) => isArm(row) && row >= first).length);
}, 60_000);
