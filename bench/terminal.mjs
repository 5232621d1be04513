import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { opened } from './support/processes.mjs';
import { cProgram } from './support/tools.mjs';

const PACKET_BYTES = 64;
const SERCOM = fileURLToPath(new URL('../sercom/bin/sercom.js', import.meta.url));

const run = promisify(execFile);

export default {
  question: `How many packets of ${PACKET_BYTES} bytes a second does \`sercom monitor\` take while it prints on a terminal?`,
  needs: ['ptys', 'cc'],
  metrics: { rate: 'packets/s', shown: '% of the packets shown' },
  bars: [
    { metric: 'rate', of: 'terminal', to: 'file', min: 0.1 },
    { metric: 'rate', of: 'terminal', to: 'base', min: 0.5 },
  ],
  async run(bench) {
    const { device, paths } = await bench.device('terminal', 'flood', { size: PACKET_BYTES });
    const [port] = paths;
    const count = bench.size(60_000, 20_000);
    const monitor = (sercom) => [process.execPath, sercom, 'monitor', port, '--no-skip-first', '-n', String(count)];
    const sides = {
      terminal: monitor(SERCOM),
      file: ['sh', '-c', '"$@" > /dev/null; echo', 'sh', ...monitor(SERCOM)],
      ...(bench.options.base && { base: monitor(executableIn(bench.options.base)) }),
    };
    await bench.alternate(sides, bench.size(5, 1), async (command, name) => {
      const terminal = run(cProgram('terminal'), command);
      await opened(port, terminal.child.pid);
      const startedMs = performance.now();
      device.tell(`run ${count}`);
      const { stdout } = await terminal;
      const rate = count / ((performance.now() - startedMs) / 1e3);
      await device.next();
      return name === 'file' ? { rate } : { rate, shown: (100 * Math.min(JSON.parse(stdout).lines, count)) / count };
    });
  },
};

/** The command-line tool of another checkout. In the oldest ones, it is part of the library's package. */
function executableIn(checkout) {
  const folder = [path.join(checkout, 'sercom'), checkout].find((each) => existsSync(path.join(each, 'package.json')));
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin.sercom);
}
