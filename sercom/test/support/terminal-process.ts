import path from 'node:path';
import { RunningProcess, SERCOM } from './sercom-process.js';

const SCRIPT = path.resolve(import.meta.dirname, '../../../test/support/terminal.py');

interface TerminalOptions {
  columns?: number;
  rows?: number;
  env?: NodeJS.ProcessEnv;
  /** What to run. Default: `sercom`. */
  command?: readonly string[];
}

/** `sercom` on a pseudo-terminal (needs python3). Everything it prints, on stderr too, is read as stdout. */
export class TerminalProcess extends RunningProcess {
  constructor(
    commandLine: readonly string[],
    { columns = 100, rows = 30, env = {}, command = [process.execPath, SERCOM] }: TerminalOptions = {},
  ) {
    super('python3', [SCRIPT, String(columns), String(rows), ...command, ...commandLine], {
      TERM: 'xterm-256color',
      ...env,
    });
  }

  type(keys: string): void {
    this.child.stdin!.write(`keys ${Buffer.from(keys).toString('hex')}\n`);
  }

  resize(columns: number, rows: number): void {
    this.child.stdin!.write(`resize ${columns} ${rows}\n`);
  }

  /** Stops or continues to read what the command prints. */
  read(isReading: boolean): void {
    this.child.stdin!.write(isReading ? 'resume\n' : 'pause\n');
  }

  /** Closes the terminal window. */
  hangUp(): void {
    this.child.stdin!.write('hangup\n');
  }
}
