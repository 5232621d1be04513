import { Machine, missingTools } from './machine.js';

/** What this computer lacks to run the machine; empty if nothing. */
export const needs = process.arch === 'x64' ? missingTools.join(', ') : 'an x86-64 processor';

let booted: Promise<Machine> | undefined;

/** Returns a function that gives the facts of a guest script. Its first call runs the script. */
export function factsOf<Facts>(script: string): () => Promise<Facts> {
  let facts: Promise<Facts> | undefined;
  return () => {
    booted ??= Machine.boot();
    facts ??= booted.then((machine) => machine.run<Facts>(script));
    return facts;
  };
}

export async function endMachine(): Promise<void> {
  await (await booted?.catch(() => undefined))?.end();
}
