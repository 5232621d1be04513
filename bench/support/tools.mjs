import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const peers = fileURLToPath(new URL('../peers/', import.meta.url));
const build = fileURLToPath(new URL('../build/', import.meta.url));

/** Whether a command runs and says that all is well. */
function works(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** What benchmarks need besides Node; each says why it is missing, or nothing. */
export const tools = {
  cc: () => (works('cc', '--version') ? undefined : 'there is no C compiler (cc)'),
  ptys: () => (process.platform === 'linux' ? undefined : 'the device ends need Linux (epoll, /dev/pts)'),
  npm: () => (works('npm', '--version') ? undefined : 'npm is not installed'),
  pyserial: () => (works('python3', '-c', 'import serial') ? undefined : 'python3 cannot import serial'),
};

/** The program built from `peers/NAME.c`: built again only when a source is newer. */
export function cProgram(name) {
  const program = `${build}${name}`;
  const sources = readdirSync(peers).filter((file) => file === `${name}.c` || file.endsWith('.h'));
  const builtMs = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (sources.some((file) => statSync(`${peers}${file}`).mtimeMs > builtMs)) {
    mkdirSync(build, { recursive: true });
    // Another benchmark may be starting the same program at this moment.
    const fresh = `${program}.${process.pid}`;
    execFileSync('cc', ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-o', fresh, `${peers}${name}.c`, '-lm'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    renameSync(fresh, program);
  }
  return program;
}

/** The path of a peer that needs no building. */
export function peerScript(file) {
  return `${peers}${file}`;
}
