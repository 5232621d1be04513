// How the processes of `sides/` talk to the benchmark: a line with a command in, a line of JSON out.

import { createInterface } from 'node:readline';

export function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Ends the process with an error that the benchmark prints. */
export function fail(error) {
  answer({ error: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}

/**
 * Answers each line `NAME ARGUMENT...` with what the command of that name gives. Ends the process with its stdin.
 *
 * @param {Record<string, (...args: string[]) => unknown>} commands
 */
export function answerCommands(commands) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', async (line) => {
    const [name, ...args] = line.split(' ');
    try {
      answer((await commands[name](...args)) ?? {});
    } catch (error) {
      fail(error);
    }
  });
  lines.on('close', () => process.exit(0));
}
