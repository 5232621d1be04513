// Runs benchmarks: node bench/run.mjs [NAME...] [--quick] [--json FILE] [--base FOLDER] [--binding NAME] [--corrupt SIDE]
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench } from './support/bench.mjs';
import { NoReply, ProcessFailure } from './support/line-process.mjs';
import { report, watchStolenTime } from './support/report.mjs';
import { tools } from './support/tools.mjs';

const HELP = `npm run bench -- [NAME...] [options]

Each benchmark asks one question, and measures the library and its peers alternately.

  --quick            short form; fails only on wrong bytes, or if a bar is missed by a factor of 4
  --json FILE        write all results to FILE, in addition to bench/results/NAME.json
  --base FOLDER      another checkout of this project, built, to compare with where a benchmark can
  --binding NAME     binding that the library uses: default, direct or serialport
  --corrupt SIDE     change one byte on this side; the run must fail with exit code 3

Exit codes: 0 all bars met, 1 a bar missed, 2 usage error, 3 wrong bytes or a failed side.

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
  const bench = new Bench({ quick: values.quick, corrupt: values.corrupt, binding: values.binding, base: values.base });
  try {
    await benchmark.run(bench);
  } catch (error) {
    if (!(error instanceof ProcessFailure || error instanceof NoReply)) {
      throw error;
    }
    console.error(`\n${name}: FAILED: ${error.message}`);
    exitCode = 3;
    continue;
  } finally {
    bench.close();
  }
  if (values.corrupt !== undefined && !bench.corrupted) {
    console.error(`\n${name}: no side "${values.corrupt}" can change a byte`);
    exitCode = 2;
    continue;
  }
  const result = report(name, benchmark, bench);
  result.stolenPercent = stolenSinceStart();
  const stolen = result.stolenPercent?.toFixed(1) ?? '?';
  console.log(`  (${((performance.now() - started) / 1_000).toFixed(1)} s; other virtual machines used ${stolen} %)`);
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
        base: { type: 'string' },
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
      throw new Error(`unknown benchmark ${unknown.join(', ')}; available: ${benchmarks.join(', ')}`);
    }
    if (!['default', 'direct', 'serialport'].includes(parsed.values.binding)) {
      throw new Error(`unknown binding "${parsed.values.binding}"; expected default, direct or serialport`);
    }
    return parsed;
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exit(2);
  }
}
