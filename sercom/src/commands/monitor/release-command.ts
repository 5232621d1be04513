import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import type { Interruption } from '../../interruption.js';
import { isInForeground } from '../../terminal/foreground.js';
import { splitWords } from '../../text/words.js';

/** How long the command may take to end when the monitor does. */
const END_LIMIT_MS = 5_000;

/** How long after the command a Ctrl-C may still be the one that ended it: signals may arrive in another order. */
const CTRL_C_MS = 100;

/** The command of `--release-for`. It is run without a shell. */
export class ReleaseCommand {
  readonly #text: string;
  readonly #program: string;
  readonly #arguments: readonly string[];

  /** @throws CliError (usage error) if the text is not a command */
  constructor(text: string) {
    const words = splitWords(text);
    const problem = words === undefined ? 'a quote is not closed' : words.length === 0 ? 'no command' : undefined;
    if (problem !== undefined) {
      throw new CliError(ExitCode.usage, `--release-for "${text}": ${problem}; expected for example "make upload"`);
    }
    this.#text = text;
    [this.#program = '', ...this.#arguments] = words!;
  }

  toString(): string {
    return `"${this.#text}"`;
  }

  /**
   * Runs the command. Its output goes to stderr. Meanwhile Ctrl-C ends only the command.
   *
   * @param closing - when it aborts, the command is ended
   * @returns how it ended, in words
   * @throws CliError (failure) if it cannot be run
   */
  async run(interruption: Interruption, closing: AbortSignal): Promise<string> {
    const hasTerminal = process.stdin.isTTY;
    const child = spawn(this.#program, this.#arguments, { stdio: [hasTerminal ? 'inherit' : 'ignore', 2, 2] });
    const stopDiverting = interruption.divertCtrlC(() => {
      // A terminal sends Ctrl-C to both.
      if (!hasTerminal || !isInForeground()) {
        child.kill('SIGINT');
      }
    });
    let killTimer: NodeJS.Timeout | undefined;
    const end = () => {
      child.kill('SIGTERM');
      killTimer = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
    };
    closing.addEventListener('abort', end);
    try {
      return `${this} ${await ending(child)}`;
    } catch (error) {
      throw new CliError(
        ExitCode.failure,
        `--release-for: cannot run "${this.#program}": ${whyNotRun(error as NodeJS.ErrnoException)}`,
        { cause: error },
      );
    } finally {
      closing.removeEventListener('abort', end);
      clearTimeout(killTimer);
      if (hasTerminal) {
        await delay(CTRL_C_MS);
      }
      stopDiverting();
    }
  }
}

async function ending(child: ChildProcess): Promise<string> {
  const [code, signal] = await once(child, 'exit');
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

function whyNotRun({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'no such program; check its name';
    case 'EACCES':
      return 'permission denied; check that it is a program';
    default:
      return `${message}; check the command`;
  }
}
