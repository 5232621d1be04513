import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const importing = (name) => ['--input-type=module', '-e', `import ${JSON.stringify(name)}`];

export default {
  question: 'How long does a process take that imports the library, and one that prints the help of sercom?',
  needs: [],
  metrics: { time: 'ms' },
  bars: [
    { metric: 'time', of: "import 'serial-communicator'", to: "import 'serialport'", max: 1.2 },
    { metric: 'time', of: 'sercom --help', to: 'node -e 0', how: 'difference', max: 60, quickMax: 400 },
  ],
  async run(bench) {
    const sides = {
      'node -e 0': ['-e', '0'],
      "import 'serialport'": importing('serialport'),
      "import 'serial-communicator'": importing('serial-communicator'),
      'sercom --help': ['sercom/bin/sercom.js', '--help'],
    };
    await bench.alternate(sides, bench.size(15, 2), async (args, name) => {
      const started = performance.now();
      // In this folder, the name of the package resolves to dist/.
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
      const time = performance.now() - started;
      if (status !== 0) {
        throw new Error(`${name}: exit code ${status}: ${stderr}`);
      }
      return { time };
    });
  },
};
