const CODES = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36, changed: 7 } as const;

export type Color = keyof typeof CODES;

/** Wraps text in the escape sequences of a color, or returns it unchanged. */
export type Colorize = (color: Color, text: string) => string;

/** Whether terminals understand no escape sequences here. Windows sets no `TERM`. */
export function isDumb(): boolean {
  const { TERM = '' } = process.env;
  return TERM === 'dumb' || (TERM === '' && process.platform !== 'win32');
}

/** Colors if the stream is a terminal that has them and `NO_COLOR` is not set; otherwise none. */
export function colorizerFor(stream: NodeJS.WriteStream): Colorize {
  if (!stream.isTTY || isDumb() || process.env.NO_COLOR !== undefined || !stream.hasColors()) {
    return (_, text) => text;
  }
  return (color, text) => `\x1b[${CODES[color]}m${text}\x1b[0m`;
}
