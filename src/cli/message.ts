import { escapeText } from './escape.js';

/** Tells the user something, in one line, on stderr. */
export function printMessage(text: string): void {
  process.stderr.write(`sercom: ${escapeText(text)}\n`);
}
