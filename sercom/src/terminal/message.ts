import { escapeText } from '../text/escape.js';

type Print = (line: string) => void;

const toStderr: Print = (line) => void process.stderr.write(line);

let print = toStderr;

/** Prints a message to the user: one line on stderr. */
export function printMessage(text: string): void {
  print(`sercom: ${escapeText(text)}\n`);
}

/**
 * Redirects messages to a function that writes to the terminal without blocking and knows what to move out of their way.
 * Without one, messages go to stderr again.
 */
export function redirectMessages(other?: Print): void {
  print = other ?? toStderr;
}

/** Prints warnings as messages. Node would write them to the terminal itself, which may be stalled. */
export function printWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    printMessage(name === 'SerialCommunicatorWarning' ? `warning: ${message}` : `${name}: ${message}`);
  });
}
