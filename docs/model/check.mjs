// Checks the model of acknowledged delivery with spin. Usage: node check.mjs [--full] [NAME...]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MODEL = path.join(import.meta.dirname, 'delivery.pml');
const MEMORY_MB = 6_000;

const safety = { compile: ['-DSAFETY'], run: ['-E'] };
const deadlock = { compile: ['-DSAFETY'], run: [] };
const progress = { compile: ['-DNP'], run: ['-l', '-f'] };
const live = ['LIVE', 'LINE=8'];
const replay = ['REPLAY=1', 'SPACE=16'];

/** Each is run for packets from the host and for packets from the device. `fails`: a mistake that must be found. */
const short = [
  { name: 'exactly once, in order', form: safety, macros: ['PACKETS=6'] },
  { name: 'the line duplicates frames', form: safety, macros: ['PACKETS=5', 'DUPLICATE'] },
  { name: 'no deadlock', form: deadlock, macros: [...live, 'PACKETS=5', 'FAULTS=3'] },
  { name: 'progress', form: progress, macros: [...live, 'PACKETS=5', 'FAULTS=3'] },
  { name: 'no handshake number', form: safety, macros: ['NO_NUMBER'], fails: true },
  { name: 'sequence space of 3', form: safety, macros: ['SPACE=3'], fails: true },
  { name: 'acknowledges before the application has the packet', form: safety, macros: ['EARLY_ACK'], fails: true },
  { name: 'polls only once', form: deadlock, macros: [...live, 'NO_POLL'], fails: true },
  { name: 'old frames, no start counter', form: safety, macros: [...replay, 'PACKETS=2'], fails: true },
  {
    name: 'old frames, a start counter that repeats',
    form: safety,
    macros: [...replay, 'COUNTER', 'COUNTER_REPEATS', 'PACKETS=2'],
    fails: true,
  },
];

const full = [
  ...short,
  { name: 'old frames, a start counter', form: safety, macros: [...replay, 'COUNTER', 'PACKETS=2'] },
  {
    name: 'old frames, D only from the start',
    form: safety,
    macros: [...replay, 'COUNTER', 'D_PER_START', 'PACKETS=2'],
  },
  { name: 'exactly once, in order, 3 frames on the line', form: safety, macros: ['PACKETS=7', 'LINE=3'] },
  { name: 'exactly once, in order, every frame kept', form: safety, macros: ['PACKETS=3', 'KEEP_ALL'] },
  { name: 'no deadlock, 5 faults', form: deadlock, macros: [...live, 'PACKETS=6', 'FAULTS=5'] },
  { name: 'progress, 5 faults', form: progress, macros: [...live, 'PACKETS=6', 'FAULTS=5'] },
];

/** Runs a program in a folder; fails unless it ends with 0. */
function call(program, args, folder) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined || status !== 0) {
    throw new Error(`${program} failed: ${error?.message ?? stdout + stderr}`);
  }
  return stdout;
}

/** Checks one form of the model. Returns what to print, and whether the result is the expected one. */
function check({ name, form, macros, fails = false }, direction) {
  const folder = mkdtempSync(path.join(tmpdir(), 'delivery-model-'));
  try {
    const defines = [...macros, ...(direction === 'from device' ? ['FROM_DEVICE'] : [])].map((macro) => `-D${macro}`);
    call('spin', ['-a', ...defines, MODEL], folder);
    const options = [
      fails ? '-O0' : '-O1',
      '-w',
      '-DCOLLAPSE',
      '-DVECTORSZ=1024',
      `-DMEMLIM=${MEMORY_MB}`,
      ...form.compile,
    ];
    call('gcc', [...options, '-o', 'pan', 'pan.c'], folder);
    const startedAt = performance.now();
    const output = call(path.join(folder, 'pan'), [...form.run, '-m5000000'], folder);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const states = Number(/(\d+) states, stored/.exec(output)?.[1]);
    const errors = Number(/errors: (\d+)/.exec(output)?.[1]);
    const isComplete = !/out of memory|max search depth too small|Search not completed/i.test(output);
    const ok = fails ? errors > 0 : errors === 0 && isComplete && states > 0;
    const found =
      errors > 0
        ? (/^pan:1: (.*) \(at depth/m.exec(output)?.[1] ?? 'an error')
        : isComplete
          ? 'passed'
          : 'not completed';
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}, ${direction}: ${states} states, ${seconds} s: ${found}`);
    return ok;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const names = process.argv.slice(2).filter((argument) => argument !== '--full');
const forms = (process.argv.includes('--full') ? full : short).filter(
  ({ name }) => names.length === 0 || names.some((part) => name.includes(part)),
);
const results = forms.flatMap((form) => ['from host', 'from device'].map((direction) => check(form, direction)));
if (results.length === 0) {
  throw new Error(`no check has the name ${names.join(' ')}`);
}
console.log(`${results.filter((ok) => ok).length} of ${results.length} checks have the expected result`);
process.exitCode = results.every((ok) => ok) ? 0 : 1;
