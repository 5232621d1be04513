const CODES = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36, changed: 7 } as const;

/** Wraps text in a colour, or leaves it as it is. */
export type Paint = (colour: keyof typeof CODES, text: string) => string;

/** Colours for a terminal that has them, none if `NO_COLOR` is set. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  if (!stream.isTTY || process.env.NO_COLOR !== undefined || !stream.hasColors()) {
    return (_, text) => text;
  }
  return (colour, text) => `\x1b[${CODES[colour]}m${text}\x1b[0m`;
}
