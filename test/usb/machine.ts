import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { has } from '../support/tools.js';
import { type AdapterCommand, UsbAdapter } from './usb-adapter.js';

const PACKAGE = path.resolve(import.meta.dirname, '../..');
/** `prepare.sh` fills this folder once. */
const LAB = path.join(import.meta.dirname, 'build');
const CONSOLE_LOG = path.join(LAB, 'console.log');

/** Booting takes about 12 s on an idle machine. */
const BOOT_LIMIT_MS = 240_000;

const TOOLS = ['qemu-system-x86_64', 'busybox', 'cpio', 'modprobe', 'strip', 'dpkg', 'apt-get', 'python3'];

/** Missing programs that are needed to prepare or run the machine. */
export const missingTools: readonly string[] = TOOLS.filter((tool) => !has(tool) && !has(`/usr/sbin/${tool}`));

/** One line of JSON from a guest script or from `init`. */
interface Line extends AdapterCommand {
  ready?: true;
  fact?: string;
  value?: unknown;
  exit?: number;
}

type Facts = Record<string, unknown>;

/** Waits for the machine to be ready, or for a script to end. */
interface Run {
  facts: Facts;
  resolve(facts: Facts): void;
  reject(error: Error): void;
}

/** A virtual machine with a real kernel, real USB serial drivers, and both packages as they were built. */
export class Machine {
  readonly #qemu: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown>;
  readonly #folder: string;
  readonly #adapter: UsbAdapter;
  #isUp = true;
  #run: Run | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#adapter = new UsbAdapter(`${folder}/far-end`);
    const words = ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1024', '-nodefaults', '-no-reboot'];
    words.push('-display', 'none', '-kernel', path.join(LAB, 'vmlinux'), '-initrd', `${folder}/initramfs.cpio`);
    words.push('-append', 'console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on');
    // The first serial port is the console. The second one carries the names of scripts, and their facts.
    words.push('-serial', `file:${CONSOLE_LOG}`, '-serial', 'stdio', '-device', 'qemu-xhci');
    // ttyS3: a 16550A with a far end that is silent.
    words.push('-chardev', 'null,id=silent', '-device', 'isa-serial,index=3,chardev=silent');
    words.push('-chardev', `socket,id=far-end,path=${folder}/far-end,server=on,wait=off`);
    words.push('-device', 'usb-serial,chardev=far-end,serial=BENCH0001');
    this.#qemu = spawn('qemu-system-x86_64', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = new Promise((resolve) => {
      this.#qemu.once('exit', (code, signal) => resolve(code ?? signal)).once('error', resolve);
    });
    void this.#ended.then((reason) => {
      this.#isUp = false;
      this.#fail(`qemu exited (${reason})`);
    });
    process.once('exit', () => this.#qemu.kill('SIGKILL'));
    // The exit of qemu is reported above.
    this.#qemu.stdin.on('error', () => undefined);
    createInterface({ input: this.#qemu.stdout }).on('line', (line) => this.#take(line));
  }

  /** Prepares the machine, unless that is done, and starts it. */
  static async boot(): Promise<Machine> {
    rmSync(CONSOLE_LOG, { force: true });
    execFileSync(path.join(import.meta.dirname, 'prepare.sh'), [LAB, PACKAGE], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // A temporary folder, because the path of a socket must be short.
    const folder = mkdtempSync(path.join(tmpdir(), 'usb-'));
    packInitramfs(folder);
    const machine = new Machine(folder);
    const timer = setTimeout(() => machine.#qemu.kill('SIGKILL'), BOOT_LIMIT_MS);
    try {
      await machine.#expectRun();
      return machine;
    } catch (error) {
      await machine.end();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Runs `guest/NAME.mjs` in the machine.
   *
   * @returns the facts that it reported, by name
   * @throws Error with the facts so far and the last lines of the console if the script fails or takes too long
   */
  async run<Expected>(name: string): Promise<Expected> {
    if (!this.#isUp) {
      throw new Error('qemu is not running');
    }
    const facts = this.#expectRun();
    this.#qemu.stdin.write(`${name}\n`);
    return (await facts) as Expected;
  }

  /** Switches the machine off. */
  async end(): Promise<void> {
    this.#adapter.end();
    this.#qemu.kill('SIGKILL');
    await this.#ended;
    rmSync(this.#folder, { recursive: true });
  }

  #expectRun(): Promise<Facts> {
    return new Promise((resolve, reject) => {
      this.#run = { facts: {}, resolve, reject };
    });
  }

  #take(text: string): void {
    let line: Line;
    try {
      line = JSON.parse(text);
    } catch {
      this.#fail(`unexpected output: ${JSON.stringify(text)}`);
      return;
    }
    if (line.fact !== undefined && this.#run !== undefined) {
      this.#run.facts[line.fact] = line.value;
    } else if (line.ready || line.exit === 0) {
      this.#run?.resolve(this.#run.facts);
    } else if (line.exit !== undefined) {
      this.#fail(line.exit === 137 ? 'the script took too long' : `the script exited with ${line.exit}`);
    } else {
      this.#adapter.obey(line);
    }
  }

  #fail(message: string): void {
    const facts = Object.entries(this.#run?.facts ?? {}).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    const log = existsSync(CONSOLE_LOG) ? readFileSync(CONSOLE_LOG, 'utf8') : '';
    const lines = log.replaceAll('\r', '').split('\n').slice(-30);
    this.#run?.reject(new Error([message, ...facts, `the end of ${CONSOLE_LOG}:`, ...lines].join('\n')));
  }
}

/** Appends an archive with the packages and scripts to the prepared one. The kernel unpacks it over the first. */
function packInitramfs(folder: string): void {
  const overlay = path.join(folder, 'overlay');
  const built = path.join(overlay, 'app/node_modules/serial-communicator');
  mkdirSync(built, { recursive: true });
  cpSync(path.join(import.meta.dirname, 'init'), path.join(overlay, 'init'));
  cpSync(path.join(import.meta.dirname, 'guest'), path.join(overlay, 'app/guest'), { recursive: true });
  cpSync(path.join(PACKAGE, 'package.json'), path.join(built, 'package.json'));
  cpSync(path.join(PACKAGE, 'dist'), path.join(built, 'dist'), { recursive: true });
  const tool = path.join(overlay, 'app/node_modules/sercom');
  for (const part of ['package.json', 'bin', 'dist']) {
    cpSync(path.join(PACKAGE, 'sercom', part), path.join(tool, part), { recursive: true });
  }
  const script =
    '(cd "$1" && find . -print0 | cpio --null -o -H newc -R +0:+0 --quiet) | cat "$0" - >"$1/../initramfs.cpio"';
  execFileSync('sh', ['-c', script, path.join(LAB, 'base.cpio'), overlay]);
}
