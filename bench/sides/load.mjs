// Keeps processors busy with the thread pool: of the importing process, or, when run as a program, of its own.
import { pbkdf2 } from 'node:crypto';
import { answer, answerCommands } from './answer.mjs';

let running = 0;
let stopping = false;
let onStopped;

/** Keeps this many threads of the pool busy. */
export function startLoad(threads) {
  stopping = false;
  for (let thread = 0; thread < threads; thread++) {
    running++;
    work();
  }
}

/** Waits until all of them are idle. */
export async function stopLoad() {
  stopping = true;
  if (running > 0) {
    await new Promise((resolve) => {
      onStopped = resolve;
    });
  }
}

function work() {
  pbkdf2('password', 'salt', 20_000, 64, 'sha512', () => {
    if (!stopping) {
      work();
    } else if (--running === 0) {
      onStopped?.();
    }
  });
}

if (process.argv[1] === import.meta.filename) {
  answer({ ready: true });
  answerCommands({ load: (threads) => startLoad(Number(threads)), unload: stopLoad });
}
