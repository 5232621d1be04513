import type { AcknowledgedStats } from 'serial-communicator';
import { deliveryJson, deliverySummary } from '../../session/delivery-summary.js';
import { bytes } from '../../session/traffic.js';
import { flow, type Piece, type StyledLine, spaced } from '../../terminal/styled-line.js';
import { wrapWords } from '../../text/columns.js';
import { count } from '../../text/count.js';
import { escapeText } from '../../text/escape.js';
import type { PingTally } from './tally.js';

/** The result of a ping. */
export interface PingResult {
  tally: PingTally;
  /** Time from sending the first packet to receiving the last. */
  seconds: number;
  /** Whether packets are requests with ids. */
  hasIds: boolean;
  /** What the line can carry in each direction. Undefined if its speed is not known. */
  lineBytesPerSecond: number | undefined;
  /** Of acknowledged delivery. */
  delivery?: AcknowledgedStats | undefined;
}

const HISTOGRAM_ROWS = 12;

/** The longest bar. On a narrow terminal, bars are shorter, and labels if bars would be shorter than this. */
const BAR_COLUMNS = 40;
const MIN_BAR_COLUMNS = 12;

/** The reported percentiles of the round-trip times. */
const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99, max: 1 } as const;

/** The report as one line of JSON; times are in milliseconds, or `null` if nothing came back. */
export function pingJson({ tally, seconds, lineBytesPerSecond, hasIds, delivery }: PingResult): string {
  const { sent, received, lost, corrupted, reordered, unexpected, late } = tally;
  const rttMs = Object.fromEntries(
    Object.entries(PERCENTILES).map(([name, share]) => [name, rounded(tally.rttMs.percentile(share) ?? null)]),
  );
  return JSON.stringify({
    sent,
    received,
    lost,
    corrupted,
    reordered,
    unexpected,
    ...(hasIds && { late }),
    rttMs,
    bytesPerSecond: rounded(bytesPerSecond({ tally, seconds })),
    lineBytesPerSecond: rounded(lineBytesPerSecond ?? null),
    seconds: rounded(seconds),
    ...(delivery && { delivery: deliveryJson(delivery) }),
  });
}

/**
 * The report for people: counts, times, throughput and histogram.
 *
 * @param columns - the width of the terminal, which the report is wrapped to. Default: it is not wrapped
 */
export function pingReport(name: string, result: PingResult, columns = Number.POSITIVE_INFINITY): StyledLine[] {
  const { tally, lineBytesPerSecond } = result;
  const others = [
    ...(tally.unexpected > 0 ? [`${tally.unexpected} unexpected`] : []),
    ...(tally.late > 0 ? [`${tally.late} late`] : []),
  ];
  const counts: Piece[] = [
    [`${count(tally.sent, 'packet')} sent to ${escapeText(name)},`],
    [`${tally.received} received,`],
    [`${tally.lost} lost,`, tally.lost > 0 ? 'red' : undefined],
    [`${tally.corrupted} corrupted,`, tally.corrupted > 0 ? 'red' : undefined],
    [`${tally.reordered} reordered${others.length > 0 ? ',' : ''}`],
    ...(others.length > 0 ? [[others.join(', ')] as const] : []),
  ];
  const words = counts.flatMap(([text, color]) => text.split(' ').map((word): Piece => [word, color]));
  const lines = flow(words, columns, ' ').map((row) => spaced(row, ' '));
  if (result.delivery !== undefined) {
    lines.push(...wrapWords(deliverySummary(result.delivery), columns).map((row): StyledLine => [[row]]));
  }
  if (tally.received > 0) {
    const times = Object.entries(PERCENTILES).map(
      ([label, share]) => `${label} ${milliseconds(tally.rttMs.percentile(share)!)}`,
    );
    const rate = bytesPerSecond(result);
    const share =
      lineBytesPerSecond === undefined
        ? ''
        : `, ${((100 * rate) / lineBytesPerSecond).toFixed(1)} % of the line rate (${bytes(lineBytesPerSecond)}/s)`;
    const texts = [`round trip: ${times.join('  ')}`, `throughput: ${bytes(rate)}/s in each direction${share}`];
    lines.push(...texts.flatMap((text) => wrapWords(text, columns)).map((row): StyledLine => [[row]]));
    lines.push(...histogram(result, columns));
  }
  return lines;
}

/** The status line while pinging. */
export function pingProgress(result: PingResult, wanted: number): string {
  const { tally } = result;
  const p50 = tally.rttMs.percentile(PERCENTILES.p50);
  const typical = p50 === undefined ? '' : `, p50 ${milliseconds(p50)}`;
  return `${tally.sent} of ${wanted} sent, ${tally.received} received, ${tally.lost} lost, ${tally.corrupted} corrupted${typical}`;
}

function histogram({ tally }: PingResult, columns: number): StyledLine[] {
  const rows = tally.rttMs.histogram(HISTOGRAM_ROWS);
  const most = Math.max(...rows.map((row) => row.count));
  const countColumns = String(most).length;
  const heads = (label: (row: (typeof rows)[number]) => string) => {
    const labels = rows.map(label);
    const labelColumns = Math.max(...labels.map(({ length }) => length));
    return rows.map(
      (row, index) => `  ${labels[index]!.padStart(labelColumns)}  ${String(row.count).padStart(countColumns)}  `,
    );
  };
  let shown = heads(({ from, to }) => `${milliseconds(from)} - ${milliseconds(to)}`);
  if (columns - shown[0]!.length < MIN_BAR_COLUMNS) {
    shown = heads(({ from }) => milliseconds(from));
  }
  const barColumns = Math.max(1, Math.min(BAR_COLUMNS, columns - shown[0]!.length));
  return rows.map((row, index) => {
    const bar = '#'.repeat(Math.ceil((barColumns * row.count) / most));
    return bar === '' ? [[shown[index]!.trimEnd()]] : [[shown[index]!], [bar, 'green']];
  });
}

function bytesPerSecond({ tally, seconds }: Pick<PingResult, 'tally' | 'seconds'>): number {
  return seconds > 0 ? tally.receivedBytes / seconds : 0;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

function rounded<Number extends number | null>(value: Number): Number {
  return (value === null ? null : Math.round(value * 1_000) / 1_000) as Number;
}
