/** The exit codes of `sercom`, also listed in `docs/cli.md` and `--help`. */
export const ExitCode = {
  success: 0,
  /** A port, a file or other input or output failed. */
  failure: 1,
  /** Usage error: the command line is invalid. */
  usage: 2,
  /** What the command waited for did not arrive in time. */
  timeout: 3,
  /** SIGHUP: the terminal was closed. Like the next two, 128 plus the number of the signal. */
  hungUp: 129,
  /** Ctrl-C (SIGINT), in commands that it keeps from finishing their task. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
