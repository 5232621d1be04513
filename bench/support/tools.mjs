import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CHROMIUM } from '../../sercom/test/support/chromium.mjs';

const peers = fileURLToPath(new URL('../peers/', import.meta.url));
const firmware = fileURLToPath(new URL('../../firmware/src/', import.meta.url));
const build = fileURLToPath(new URL('../build/', import.meta.url));

/** What programs need besides `peers/NAME.c`. */
const needs = {
  link_device: {
    sources: [`${firmware}link.c`, `${firmware}crc32.c`],
    flags: [`-I${firmware}`, '-DLINK_RECEIVE_WINDOW=32', '-DLINK_SEND_WINDOW=32', '-DLINK_MAX_PACKET_BYTES=64'],
  },
};

/** Returns whether a command runs and succeeds. */
function works(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Returns whether a server is installed. Users other than root may not have it on their path. */
function isInstalled(server) {
  return works('sh', '-c', `command -v ${server} || command -v /usr/sbin/${server}`);
}

/** Tools that benchmarks need in addition to Node. Each returns why it is missing, or undefined. */
export const tools = {
  cc: () => (works('cc', '--version') ? undefined : 'no C compiler (cc)'),
  ptys: () => (process.platform === 'linux' ? undefined : 'the simulated devices need Linux (epoll, /dev/pts)'),
  chromium: () => (existsSync(CHROMIUM) ? undefined : 'chromium is not installed'),
  npm: () => (works('npm', '--version') ? undefined : 'npm is not installed'),
  mosquitto: () => (isInstalled('mosquitto') ? undefined : 'mosquitto is not installed'),
  ser2net: () => (isInstalled('ser2net') ? undefined : 'ser2net is not installed'),
  pyserial: () => (works('python3', '-c', 'import serial') ? undefined : 'python3 cannot import serial'),
};

/** Returns the path of the program built from `peers/NAME.c`. Builds it if a source is newer. */
export function cProgram(name) {
  const program = `${build}${name}`;
  const { sources = [], flags = [] } = needs[name] ?? {};
  const files = [`${peers}${name}.c`, ...sources];
  const headers = [peers, firmware].flatMap((folder) => readdirSync(folder).map((file) => `${folder}${file}`));
  const builtMs = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isOlder = (file) => statSync(file).mtimeMs > builtMs;
  if (files.some(isOlder) || headers.some((file) => file.endsWith('.h') && isOlder(file))) {
    mkdirSync(build, { recursive: true });
    // Replace the program atomically: another benchmark may be starting it.
    const fresh = `${program}.${process.pid}`;
    execFileSync('cc', ['-std=gnu11', '-O2', '-Wall', '-Wextra', ...flags, '-o', fresh, ...files, '-lm'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    renameSync(fresh, program);
  }
  return program;
}

/** Returns the path of a peer that needs no build. */
export function peerScript(file) {
  return `${peers}${file}`;
}
