import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { onTestFailed, onTestFinished } from 'vitest';

/** The built command. */
export const SERCOM = path.resolve(import.meta.dirname, '../../bin/sercom.js');

/** How a process ended and what it wrote. */
export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A running process, killed when the test ends. */
export class RunningProcess {
  readonly child: ChildProcess;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  #lines = 0;
  readonly #closed: Promise<unknown>;

  constructor(command: string, commandLine: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(command, commandLine, {
      // The test decides about colors, not its environment: with `CI`, Node.js disables them.
      env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined, ...env },
    });
    this.child.stdout!.on('data', (chunk: Buffer) => {
      this.#stdout.push(chunk);
      this.#lines += chunk.toString('latin1').split('\n').length - 1;
    });
    this.child.stderr!.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    this.#closed = once(this.child, 'close');
    onTestFinished(() => this.#end());
    // Otherwise a test that runs out of time does not show which step it was at.
    onTestFailed(() => {
      process.stderr.write(
        `${[command, ...commandLine].join(' ')} printed:\n${JSON.stringify(this.stdout + this.stderr)}\n`,
      );
    });
  }

  get stdout(): string {
    return Buffer.concat(this.#stdout).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString();
  }

  /** Resolves when stdout matches, so many times; rejects when the process ends before. */
  printed(pattern: RegExp, times = 1): Promise<void> {
    return this.#until(this.child.stdout, () => matches(this.stdout, pattern, times), `${pattern} on stdout`);
  }

  /** Resolves when stdout has this many lines; rejects when the process ends before. */
  printedLines(lines: number): Promise<void> {
    return this.#until(this.child.stdout, () => this.#lines >= lines, `${lines} lines on stdout`);
  }

  /** Resolves when stderr matches, so many times; rejects when the process ends before. */
  complained(pattern: RegExp, times = 1): Promise<void> {
    return this.#until(this.child.stderr, () => matches(this.stderr, pattern, times), `${pattern} on stderr`);
  }

  /** Resolves when the process has ended and all its output has been read. */
  async outcome(): Promise<Outcome> {
    await this.#closed;
    const { exitCode, signalCode } = this.child;
    return { code: exitCode, signal: signalCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Resolves when it has ended, so that it cannot reopen a port whose pty is closed, and then belongs to another test. */
  async #end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exited;
    }
  }

  #until(stream: Readable | null, isDone: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (isDone()) {
          stream?.off('data', check);
          resolve();
        }
      };
      stream?.on('data', check);
      check();
      this.#closed.then(() => reject(new Error(`ended without ${what}:\n${this.stdout}${this.stderr}`)));
    });
  }
}

/** Counts, since one pattern for a text that comes several times takes a time that doubles with each. */
function matches(text: string, pattern: RegExp, times: number): boolean {
  const flags = new Set(`${pattern.flags}g`);
  return [...text.matchAll(new RegExp(pattern, [...flags].join('')))].length >= times;
}

/** Starts `sercom`. */
export function start(...commandLine: string[]): RunningProcess {
  return new RunningProcess(process.execPath, [SERCOM, ...commandLine]);
}

/** Runs `sercom` to its end with an empty stdin. */
export function run(...commandLine: string[]): Promise<Outcome> {
  const running = start(...commandLine);
  running.child.stdin!.end();
  return running.outcome();
}

/** The objects of JSON lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
