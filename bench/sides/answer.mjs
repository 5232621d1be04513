// The protocol between the benchmark and its processes: a line with a command in, a line of JSON out.

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
 * Replies to each line `NAME ARGUMENT...` with the result of that command. Exits when stdin ends.
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
