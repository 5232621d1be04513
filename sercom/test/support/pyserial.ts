import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { PYTHON_WITH_SERIAL } from '../../../test/support/pyserial.js';

const SCRIPT = path.join(import.meta.dirname, 'pyserial_client.py');

/** A client that uses pyserial. */
export interface PyserialClient {
  /** Carries out a command of `pyserial_client.py`, and resolves with its answer. */
  tell(command: string): Promise<string>;
}

/** Starts a client. It ends with the test. */
export function startPyserial(): PyserialClient {
  const child = spawn(PYTHON_WITH_SERIAL!, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async tell(command) {
      child.stdin.write(`${command}\n`);
      return (await answers.next()).value as string;
    },
  };
}
