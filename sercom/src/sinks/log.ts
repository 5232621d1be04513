import { isoTime } from '../formats/times.js';
import { option } from '../options/define.js';
import { byteCount, integer } from '../options/values.js';
import { logLine } from '../records/log-line.js';
import { portEventLine, remarkLine } from '../records/log-notes.js';
import type { PortEvent } from '../records/port-event.js';
import type { PacketRecord } from '../records/record.js';
import type { SessionEvent } from '../records/session-event.js';
import { escapeText } from '../text/escape.js';
import { defineSink } from './define.js';
import { FileSink } from './file-sink.js';
import { continueLog } from './log-continuation.js';
import { rotate } from './log-rotation.js';
import type { OutputFile } from './output-file.js';

export const logSink = defineSink('log', {
  description: 'write a line for each packet and rejected frame to a file',
  options: {
    logBytes: option(
      '--log-size <bytes>',
      'start a new log before it exceeds this size, for example 10M; the older become FILE.1, FILE.2, …',
      { parse: byteCount(1_024), needs: ['log'] },
    ),
    logFiles: option('--log-files <number>', 'with --log-size: how many files to keep; the oldest are removed', {
      parse: integer(1),
      needs: ['logBytes'],
    }),
    append: option('--append', 'continue an existing log', { needs: ['log'] }),
  },
  rotates: ({ logBytes }) => logBytes !== undefined,
  continuation: ({ append }) => (append ? continueLog : undefined),
  open: (file, { logBytes, logFiles }) => new Log(file, logBytes, logFiles),
});

/** A line of text for each record. With `maxBytes`, the log is rotated: the newest records are always in `FILE`. */
class Log extends FileSink {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  #cutOff: string;
  #bytes: number;
  /** Set while one file is closed and the next is opened. Lines wait until then. */
  #rotation: Promise<void> | undefined;
  #waiting: string[] = [];
  #waitingBytes = 0;

  constructor(file: OutputFile, maxBytes = Number.POSITIVE_INFINITY, maxFiles = Number.POSITIVE_INFINITY) {
    super(file);
    this.#path = file.path;
    this.#maxBytes = maxBytes;
    this.#maxFiles = maxFiles;
    this.#bytes = file.keptBytes;
    this.#cutOff = file.cutOff;
  }

  write(record: PacketRecord): void | Promise<void> {
    return this.#putLine(`${logLine(record)}\n`);
  }

  event({ timeUs, name, dir, text }: SessionEvent): boolean {
    this.remark(escapeText(`"${name}"${dir === undefined ? '' : ` ${dir}`}: ${text}  ${isoTime(timeUs)}`));
    return false;
  }

  portChanged(event: PortEvent): void {
    void this.#putLine(`${portEventLine(event)}\n`);
  }

  remark(text: string): void {
    void this.#putLine(`${remarkLine(text)}\n`);
  }

  override async close(lostRecords?: number): Promise<void> {
    // The lines that waited for one file may fill it as well.
    while (this.#rotation !== undefined) {
      await this.#rotation;
    }
    await super.close(lostRecords);
  }

  protected override header(): string | undefined {
    const line = this.#cutOff === '' ? undefined : `# cut off: ${escapeText(this.#cutOff)}\n`;
    this.#cutOff = '';
    this.#bytes += line?.length ?? 0;
    return line;
  }

  protected override get waitingBytes(): number {
    return super.waitingBytes + this.#waitingBytes;
  }

  #putLine(line: string): void | Promise<void> {
    if (this.hasEnded) {
      return;
    }
    // Counting the bytes of each line is slow, and only limited files need it.
    const bytes = this.#maxBytes === Number.POSITIVE_INFINITY ? line.length : Buffer.byteLength(line);
    if (this.#rotation === undefined && this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) {
      this.#rotation = this.#rotate();
    }
    if (this.#rotation !== undefined) {
      this.#waiting.push(line);
      this.#waitingBytes += bytes;
      return this.#rotation;
    }
    this.#bytes += bytes;
    return this.put(line);
  }

  async #rotate(): Promise<void> {
    // Completes a file that is continued.
    this.begin();
    await this.startAgain(() => rotate(this.#path, this.#maxFiles));
    this.#bytes = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#rotation = undefined;
    for (const line of waiting) {
      void this.#putLine(line);
    }
  }
}
