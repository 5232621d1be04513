import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Exit } from './command.js';
import { registerCompletion } from './completion-command.js';
import { registerExtcap } from './extcap-command.js';
import { registerList } from './list-command.js';
import { printMessage } from './message.js';
import { registerMonitor } from './monitor-command.js';
import type { Output } from './output.js';
import { registerPing } from './ping-command.js';
import { registerReplay } from './replay-command.js';
import { registerSend } from './send-command.js';

const EXIT_CODES = `
Exit codes: 0 success, 1 a port or input/output failed, or ping found a packet lost or corrupted, 2 wrong use,
3 timeout, 130 Ctrl-C in send (0 in monitor).`;

/** The commands of `sercom`. Each loads what it needs when it is run: help must not wait for serialport. */
export function createProgram(output: Output, exit: Exit): Command {
  const program = new Command('sercom')
    .description('Packets (COBS) over serial ports: watch them, send them.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void output.write(text),
      outputError: (text) => printMessage(wrongUse(text)),
    })
    .addHelpText(
      'after',
      `
Examples:
  sercom list                                      what is plugged in?
  sercom monitor /dev/ttyACM0                      show each packet
  sercom send /dev/ttyACM0 --text hello --wait 1   send one, show the answer
  sercom ping /dev/ttyACM0                         does every packet come back?
  sercom monitor sim:                              try it without hardware`,
    )
    .addHelpText('afterAll', EXIT_CODES);
  for (const register of [
    registerList,
    registerMonitor,
    registerSend,
    registerPing,
    registerReplay,
    registerExtcap,
    registerCompletion,
  ]) {
    register(program, output, exit);
  }
  return program;
}

/** What Commander says, which may have several lines, in one. */
function wrongUse(text: string): string {
  const sentence = text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[.\s]+$/, '');
  return `${sentence}; see "sercom --help"`;
}

function version(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
}
