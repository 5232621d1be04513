// Makes docs/monitor.svg, a picture of the monitor, from a real run on a simulated board: node scripts/make-picture.mjs
// [FILE]. Run the build first. Needs python3 for the terminal.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Screen } from './screen.mjs';

const COLUMNS = 104;
const ROWS = 18;

/** Dimensions of the picture, in pixels. */
const CHARACTER_WIDTH = 8.4;
const LINE_HEIGHT = 19;
const MARGIN = 16;

const TYPE_MS = 60;

const COMMAND = 'sercom monitor arm=sim: --decode cbor --stats --input json';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const [file = at('../../docs/monitor.svg')] = process.argv.slice(2);

const screen = new Screen(COLUMNS, ROWS);
await screen.write(`\x1b[32m$\x1b[0m ${COMMAND}\r\n`);
const monitor = spawn(
  'python3',
  [
    at('../../test/support/terminal.py'),
    COLUMNS,
    ROWS,
    process.execPath,
    at('../bin/sercom.js'),
    ...COMMAND.split(' ').slice(1),
  ].map(String),
  {
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: undefined, CI: undefined },
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
const closed = once(monitor, 'close');
monitor.stdout.setEncoding('utf8').on('data', (text) => void screen.write(text));

await until(/for keys/);
// Let the board start.
await delay(1_000);
await send('{"move": [10, -4]}');
await until(/rx .*= \{"move"/);
await send('{"led": true}');
await until(/rx .*= \{"led"/);
type('m');
await until(/marker 1/);
await send('["grip", 3]');
await until(/rx .*= \["grip"/);
type('d');
await send('{"move": [0, 0]}');
await until(/rx +9 {2}= .*\n.*\n00000009/);
type('d');
// Rates are measured once per second.
await delay(1_200);
type(':');
await typeSlowly('{"stop": tr');
await until(/json> \{"stop": tr/);
const rows = screen.rows();
type('\x1b');
type('q');
const [code] = await closed;
if (code !== 0) {
  throw new Error(`sercom ended with ${code}`);
}
writeFileSync(file, svg(rows));

/** Types ":", a packet and Enter. */
async function send(json) {
  type(':');
  await typeSlowly(json);
  type('\r');
}

async function typeSlowly(text) {
  for (const character of text) {
    type(character);
    await delay(TYPE_MS);
  }
}

function type(keys) {
  monitor.stdin.write(`keys ${Buffer.from(keys).toString('hex')}\n`);
}

async function until(pattern) {
  while (!pattern.test(screen.text())) {
    if (monitor.exitCode !== null) {
      throw new Error(`sercom exited before ${pattern} appeared:\n${screen.text()}`);
    }
    await Promise.race([once(monitor.stdout, 'data'), closed]);
    await screen.write('');
  }
}

/** Draws rows, each an array of runs `{ text, style }`. */
function svg(rows) {
  const width = Math.ceil(COLUMNS * CHARACTER_WIDTH + 2 * MARGIN);
  const height = rows.length * LINE_HEIGHT + 2 * MARGIN;
  const lines = rows.map((runs, row) => {
    let column = 0;
    const spans = runs.map(({ text, style }) => {
      const x = (MARGIN + column * CHARACTER_WIDTH).toFixed(1);
      column += [...text].length;
      const length = ([...text].length * CHARACTER_WIDTH).toFixed(1);
      return text.trim() === ''
        ? ''
        : `<tspan x="${x}" textLength="${length}" lengthAdjust="spacingAndGlyphs" class="${style}">${escapeXml(text)}</tspan>`;
    });
    // Browsers use `white-space`, other viewers `xml:space`.
    return `<text xml:space="preserve" y="${MARGIN + (row + 0.75) * LINE_HEIGHT}">${spans.join('')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="sercom monitor showing packets with decoded CBOR, a marker, two hex dumps, a status line and a packet being typed">
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #d4d7dd; }
.dim { fill: #8b93a1; } .red { fill: #ff7b72; } .green { fill: #7ee787; } .yellow { fill: #e3b341; } .cyan { fill: #76d9e6; } .inverse { fill: #ffffff; font-weight: bold; }
</style>
<rect width="100%" height="100%" rx="8" fill="#16191f"/>
${lines.join('\n')}
</svg>
`;
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
