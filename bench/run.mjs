// Runs benchmarks: node bench/run.mjs [NAME...] [--quick] [--json FILE] [--binding NAME] [--corrupt SIDE]
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench } from './support/bench.mjs';
import { NoAnswer, ProcessFailure } from './support/line-process.mjs';
import { report, watchStolenTime } from './support/report.mjs';
import { tools } from './support/tools.mjs';

const HELP = `npm run bench -- [NAME...] [options]

Each benchmark asks one question, and measures the library and its peers in turns.

  --quick            short form: fails only on wrong bytes, or a bar missed by a factor of 4
  --json FILE        write all results to FILE (besides bench/results/NAME.json)
  --binding NAME     what our side opens ports with: default, direct or serialport
  --corrupt SIDE     the device of that side changes one byte: the run must fail with exit code 3

Exit codes: 0 all bars met, 1 a bar missed, 2 wrong use, 3 wrong bytes or a side that failed.

Benchmarks: `;

const folder = fileURLToPath(new URL('.', import.meta.url));
const benchmarks = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')
  .map((file) => file.slice(0, -'.mjs'.length))
  .sort();

const { positionals, values } = parseOrExit();
const results = [];
let exitCode = 0;
for (const name of positionals.length > 0 ? positionals : benchmarks) {
  const benchmark = (await import(`./${name}.mjs`)).default;
  const missing = benchmark.needs.map((tool) => tools[tool]()).filter((reason) => reason !== undefined);
  if (missing.length > 0) {
    console.log(`\n${name}: skipped, ${missing.join(', ')}`);
    continue;
  }
  const started = performance.now();
  const stolenSinceStart = watchStolenTime();
  const bench = new Bench({ quick: values.quick, corrupt: values.corrupt, binding: values.binding });
  try {
    await benchmark.run(bench);
  } catch (error) {
    if (!(error instanceof ProcessFailure || error instanceof NoAnswer)) {
      throw error;
    }
    console.error(`\n${name}: FAILED: ${error.message}`);
    exitCode = 3;
    continue;
  } finally {
    bench.close();
  }
  if (values.corrupt !== undefined && !bench.corrupted) {
    console.error(`\n${name}: there is no side ${values.corrupt} that could change a byte`);
    exitCode = 2;
    continue;
  }
  const result = report(name, benchmark, bench);
  result.stolenPercent = stolenSinceStart();
  const stolen = result.stolenPercent?.toFixed(1) ?? '?';
  console.log(`  (${((performance.now() - started) / 1_000).toFixed(1)} s; other virtual machines took ${stolen} %)`);
  results.push(result);
  if (!result.passed) {
    exitCode = Math.max(exitCode, 1);
  }
  mkdirSync(`${folder}results`, { recursive: true });
  writeFileSync(`${folder}results/${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
}
process.exitCode = exitCode;

function parseOrExit() {
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        binding: { type: 'string', default: 'default' },
        corrupt: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (parsed.values.help) {
      console.log(HELP + benchmarks.join(', '));
      process.exit(0);
    }
    const unknown = parsed.positionals.filter((name) => !benchmarks.includes(name));
    if (unknown.length > 0) {
      throw new Error(`there is no benchmark ${unknown.join(', ')}; there are ${benchmarks.join(', ')}`);
    }
    if (!['default', 'direct', 'serialport'].includes(parsed.values.binding)) {
      throw new Error('--binding takes default, direct or serialport');
    }
    return parsed;
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exit(2);
  }
}
