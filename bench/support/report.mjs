import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { figure, show, summarize } from './stats.mjs';

/** In the short form, which must pass on a busy machine, a bar may be missed by this factor. */
const QUICK_FACTOR = 4;

/**
 * @typedef {object} Bar
 * @property {string} metric
 * @property {string} of side to judge
 * @property {string} [to] peer to compare with; without it, the value itself is judged; a bar of `base` is judged only with
 *   `--base`
 * @property {string} [toMetric] metric of the peer; default: `metric`
 * @property {'ratio' | 'difference'} [how] default 'ratio'
 * @property {number} [max]
 * @property {number} [min]
 * @property {number} [aim] a better value, for the report only
 * @property {number} [quickMax] `max` in the short form; default: 4 times `max`
 * @property {number} [quickMin] `min` in the short form; default: a quarter of `min`
 */

/**
 * Judges one bar. Each round is compared with the peer's value in the same round.
 *
 * @param {import('./bench.mjs').Bench} bench
 * @param {Bar} bar
 */
function judge(bench, bar) {
  const ours = bench.values.get(bar.of)?.get(bar.metric);
  const theirs = bar.to === undefined ? undefined : bench.values.get(bar.to)?.get(bar.toMetric ?? bar.metric);
  const compared = bar.to === undefined ? `${bar.of}, ${bar.metric}` : `${bar.of} against ${bar.to}, ${bar.metric}`;
  if (ours === undefined || (bar.to !== undefined && theirs === undefined)) {
    return { ...bar, compared, verdict: 'not measured' };
  }
  const values = ours.map((value, round) => {
    if (theirs === undefined) {
      return value;
    }
    return bar.how === 'difference' ? value - theirs[round] : value / theirs[round];
  });
  const result = summarize(values);
  const within = (max, min) => !(result.median > max) && !(result.median < min);
  const { max = Number.POSITIVE_INFINITY, min = Number.NEGATIVE_INFINITY } = bar;
  const met = within(max, min);
  const gross = !within(bar.quickMax ?? max * QUICK_FACTOR, bar.quickMin ?? min / QUICK_FACTOR);
  return { ...bar, compared, result, verdict: met ? 'met' : gross ? 'MISSED BY FAR' : 'MISSED' };
}

/** Returns whether this bar fails the run. */
function fails(judgement, quick) {
  return quick ? judgement.verdict === 'MISSED BY FAR' : judgement.verdict !== 'met';
}

/**
 * Judges a finished benchmark and prints the results.
 *
 * @returns the contents of its JSON file
 */
export function report(name, { question, metrics, bars }, bench) {
  const { quick } = bench.options;
  const sides = [...bench.values].map(([side, byMetric]) => ({
    side,
    metrics: Object.fromEntries([...byMetric].map(([metric, values]) => [metric, { ...summarize(values), values }])),
  }));
  console.log(`\n${name}: ${question}`);
  printTable([
    ['', ...sides.map(({ side }) => side)],
    ...Object.entries(metrics).map(([metric, unit]) => [
      `${metric}, ${unit}`,
      ...sides.map(({ metrics: byMetric }) => (byMetric[metric] === undefined ? '' : show(byMetric[metric]))),
    ]),
  ]);
  const judgements = bars
    .filter(({ to }) => to !== 'base' || bench.options.base !== undefined)
    .map((bar) => judge(bench, bar));
  printTable(
    judgements.map((judgement) => {
      const { compared, result, verdict, how, max, min, aim } = judgement;
      const limits = [min && `at least ${min}`, max && `at most ${max}`].filter(Boolean).join(', ');
      const sign = how === 'difference' || judgement.to === undefined ? '' : ' x';
      return [
        compared,
        result === undefined ? '' : `${show(result)}${sign}`,
        `bar: ${limits}${aim === undefined ? '' : `, aim ${aim}`}`,
        verdict,
      ];
    }),
  );
  for (const [side, reason] of bench.skipped) {
    console.log(`  ${side}: skipped, ${reason}`);
  }
  return {
    name,
    question,
    quick,
    binding: bench.options.binding,
    machine: machine(),
    metrics,
    sides,
    bars: judgements,
    skipped: Object.fromEntries(bench.skipped),
    passed: !judgements.some((judgement) => fails(judgement, quick)),
  };
}

function printTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column])).join('   ')}`.trimEnd());
  }
}

function machine() {
  let compiler = 'none';
  try {
    compiler = execFileSync('cc', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    )[0];
  } catch {
    // No result needed a compiler.
  }
  return {
    date: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${release()} ${process.arch}`,
    processor: cpus()[0]?.model,
    processors: cpus().length,
    load: loadavg().map(figure).join(' '),
    haltPollNs: haltPollNs(),
    compiler,
  };
}

/**
 * How long an idle processor of a virtual machine polls for work before it returns to the host, in ns. With 0, each of the
 * several wake-ups of an echo takes tens of microseconds longer.
 */
function haltPollNs() {
  try {
    return Number(readFileSync('/sys/module/haltpoll/parameters/guest_halt_poll_ns', 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Measures the share of this machine's processor time that other virtual machines use.
 *
 * @returns {() => number | undefined} returns the percentage since this call, or undefined if it is unknown
 */
export function watchStolenTime() {
  const before = processorTime();
  return () => {
    const after = processorTime();
    return before && after && (100 * (after.stolen - before.stolen)) / (after.all - before.all);
  };
}

function processorTime() {
  try {
    const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/ +/).map(Number);
    return { stolen: ticks[7], all: ticks.slice(0, 8).reduce((sum, value) => sum + value, 0) };
  } catch {
    return undefined;
  }
}
