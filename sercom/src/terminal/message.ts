import { escapeText } from '../text/escape.js';

type Print = (line: string) => void;

const toStderr: Print = (line) => void process.stderr.write(line);

let print = toStderr;

/** Tells the user something, in one line, on stderr. */
export function printMessage(text: string): void {
  print(`sercom: ${escapeText(text)}\n`);
}

/**
 * Has messages printed by someone else: who draws on the terminal knows what must be moved out of their way. Nothing
 * gives them back to stderr.
 */
export function printMessagesBy(other?: Print): void {
  print = other ?? toStderr;
}
