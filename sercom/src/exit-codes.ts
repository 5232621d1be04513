/** What `sercom` exits with. `docs/cli.md` and `--help` list them for users. */
export const ExitCode = {
  success: 0,
  /** A port, a file, or other reading or writing failed. */
  failure: 1,
  /** Wrong use: the arguments cannot be used. */
  usage: 2,
  /** What was waited for did not come in time. */
  timeout: 3,
  /** Ctrl-C, where it keeps a command from finishing what it was asked to do. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
