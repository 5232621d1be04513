import { bytes } from '../../session/traffic.js';
import type { Colorize } from '../../terminal/color.js';
import { count } from '../../text/count.js';
import { escapeText } from '../../text/escape.js';
import type { PingTally } from './tally.js';

/** The result of a ping. */
export interface PingResult {
  tally: PingTally;
  /** Time from sending the first packet to receiving the last. */
  seconds: number;
  /** What the line can carry in each direction. */
  lineBytesPerSecond: number;
}

const HISTOGRAM_ROWS = 12;

const BAR_WIDTH = 40;

/** The reported percentiles of the round-trip times. */
const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99, max: 1 } as const;

/** The report as one line of JSON; times are in milliseconds, or `null` if nothing came back. */
export function pingJson({ tally, seconds, lineBytesPerSecond }: PingResult): string {
  const { sent, received, lost, corrupted, reordered, unexpected } = tally;
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
    rttMs,
    bytesPerSecond: rounded(bytesPerSecond({ tally, seconds })),
    lineBytesPerSecond: rounded(lineBytesPerSecond),
    seconds: rounded(seconds),
  });
}

/** The report for people: counts, times, throughput and histogram. */
export function pingReport(name: string, result: PingResult, colorize: Colorize): string {
  const { tally, lineBytesPerSecond } = result;
  const bad = (number: number, word: string) =>
    number > 0 ? colorize('red', `${number} ${word}`) : `${number} ${word}`;
  const unexpected = tally.unexpected > 0 ? [`${tally.unexpected} unexpected`] : [];
  const counts = [
    `${count(tally.sent, 'packet')} sent to ${escapeText(name)}`,
    `${tally.received} received`,
    bad(tally.lost, 'lost'),
    bad(tally.corrupted, 'corrupted'),
    `${tally.reordered} reordered`,
    ...unexpected,
  ].join(', ');
  const lines = [counts];
  if (tally.received > 0) {
    const times = Object.entries(PERCENTILES).map(
      ([label, share]) => `${label} ${milliseconds(tally.rttMs.percentile(share)!)}`,
    );
    const rate = bytesPerSecond(result);
    const share = ((100 * rate) / lineBytesPerSecond).toFixed(1);
    lines.push(
      `round trip: ${times.join('  ')}`,
      `throughput: ${bytes(rate)}/s in each direction, ${share} % of the line rate (${bytes(lineBytesPerSecond)}/s)`,
      ...histogram(result, colorize),
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** The status line while pinging. */
export function pingProgress(result: PingResult, wanted: number): string {
  const { tally } = result;
  const p50 = tally.rttMs.percentile(PERCENTILES.p50);
  const typical = p50 === undefined ? '' : `, p50 ${milliseconds(p50)}`;
  return `${tally.sent} of ${wanted} sent, ${tally.received} received, ${tally.lost} lost, ${tally.corrupted} corrupted${typical}`;
}

function histogram({ tally }: PingResult, colorize: Colorize): string[] {
  const rows = tally.rttMs.histogram(HISTOGRAM_ROWS);
  const most = Math.max(...rows.map((row) => row.count));
  const labels = rows.map(({ from, to }) => `${milliseconds(from)} - ${milliseconds(to)}`);
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const countWidth = String(most).length;
  return rows.map((row, index) => {
    const bar = '#'.repeat(Math.ceil((BAR_WIDTH * row.count) / most));
    return `  ${labels[index]!.padStart(labelWidth)}  ${String(row.count).padStart(countWidth)}  ${colorize('green', bar)}`.trimEnd();
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
