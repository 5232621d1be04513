import { INPUT_KINDS, type InputKind } from '../../input/packet-input.js';
import { Key } from '../../terminal/keyboard.js';
import { LineEditor } from '../../terminal/line-editor.js';
import type { StyledLine } from '../../terminal/styled-line.js';
import { columnsOf, cut, cutStart } from '../../text/columns.js';
import { escapeText } from '../../text/escape.js';

const HINT = 'Enter sends, Esc cancels, Tab: other format';

/** The prompt of the monitor, where packets are typed. */
export class Prompt {
  readonly #history: string[] = [];
  readonly #send: (line: string, kind: InputKind) => void;
  #kind: InputKind;
  #editor: LineEditor | undefined;

  /**
   * @param kind - the format that packets are typed in until the user chooses another
   * @param send - called with each line that the user enters
   */
  constructor(kind: InputKind, send: (line: string, kind: InputKind) => void) {
    this.#kind = kind;
    this.#send = send;
  }

  get isOpen(): boolean {
    return this.#editor !== undefined;
  }

  /** What is shown before the line: the format that is expected. */
  get label(): string {
    return `${this.#kind}> `;
  }

  open(): void {
    this.#editor ??= new LineEditor(this.#history);
  }

  close(): void {
    this.#editor?.close();
    this.#editor = undefined;
  }

  /** Takes a key while it is open. */
  take(key: string): void {
    const editor = this.#editor!;
    switch (key) {
      case Key.enter:
      case Key.lineFeed: {
        const line = editor.enter();
        this.close();
        this.#send(line, this.#kind);
        break;
      }
      case Key.escape:
        this.close();
        break;
      case Key.tab:
        this.#kind = INPUT_KINDS[(INPUT_KINDS.indexOf(this.#kind) + 1) % INPUT_KINDS.length]!;
        break;
      case Key.backspace:
      case Key.delete:
      case Key.endOfInput:
        if (editor.line === '') {
          this.close();
        } else {
          editor.take(key);
        }
        break;
      default:
        editor.take(key);
    }
  }

  /** The prompt as one line, with the part of the packet around the cursor that fits. */
  shown(columns: number): { line: StyledLine; cursorColumn: number } {
    const { line, cursor } = this.#editor!;
    const { label } = this;
    if (line === '') {
      return { line: [[label], [HINT, 'dim']], cursorColumn: label.length };
    }
    // One column is for the cursor.
    const room = Math.max(2, columns - label.length - 1);
    const after = shownPart(line, cursor, cursor + 2 * columns);
    const roomAfter = Math.min(columnsOf(after), Math.floor(room / 3));
    const before = cutStart(shownPart(line, cursor - 2 * columns, cursor), room - roomAfter);
    const beforeColumns = columnsOf(before);
    return {
      line: [[label], [before], [cut(after, room - beforeColumns)]],
      cursorColumn: label.length + beforeColumns,
    };
  }
}

/** A part of a line, escaped. Every visible character has at most two code units for each column. */
function shownPart(line: string, from: number, to: number): string {
  const part = line.slice(Math.max(0, from), to);
  return escapeText(part.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, ''));
}
