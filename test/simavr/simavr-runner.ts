import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll } from 'vitest';
import { has } from '../support/tools.js';

/** Whether to skip tests on simavr: they need cc and libsimavr-dev. */
export const skipSimavr = !has('cc') || !existsSync('/usr/include/simavr/sim_avr.h');

export interface SimavrBoard {
  /** Path of the pseudo-terminal that is its serial port. */
  readonly path: string;
  /** Ends the simulation. */
  end(): Promise<void>;
}

/** Compiles runner.c before the tests of a file. Returns a function that starts it with an image. */
export function useSimavr(): (image: string) => Promise<SimavrBoard> {
  let folder: string;

  beforeAll(() => {
    if (!skipSimavr) {
      folder = mkdtempSync(path.join(tmpdir(), 'simavr-'));
      const source = path.join(import.meta.dirname, 'runner.c');
      const output = path.join(folder, 'runner');
      execFileSync('cc', ['-O2', '-I/usr/include/simavr', '-o', output, source, '-lsimavr']);
    }
  });

  afterAll(() => {
    if (!skipSimavr) {
      rmSync(folder, { recursive: true });
    }
  });

  return async (image) => {
    const runner = spawn(path.join(folder, 'runner'), [image], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(runner, 'exit');
    const [line] = await once(createInterface({ input: runner.stdout }), 'line');
    return {
      path: String(line).replace('PTY ', ''),
      async end() {
        runner.stdin.end();
        await exited;
      },
    };
  };
}
