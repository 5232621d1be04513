import type { MarkKind, MarkRow } from '../../src/web/protocol.js';
import type { PageContext } from '../context.js';

/** In front of the text of a mark, so that its kind shows without color. */
export const MARK_SIGNS: Readonly<Record<MarkKind, string>> = {
  disconnected: '▲',
  connected: '●',
  session: '◆',
  marker: '⚑',
};

/** What an error begins with: `connection "arm" (/dev/ttyACM0): `. */
const WHERE = /^connection ".*?"(?: \(.*?\))?: /;

/** What a mark says beside the name of its connection, which needs not be said twice. */
export function markText({ name, text }: MarkRow): string {
  return name === undefined ? text : text.replace(WHERE, '');
}

/** The mark as it stands alone: if there are several connections, it says which of them it is about. */
export function named(mark: MarkRow, context: Pick<PageContext, 'nameCount' | 'name'>): MarkRow {
  const text = markText(mark);
  return {
    ...mark,
    text: mark.name === undefined || context.nameCount < 2 ? text : `${context.name(mark.name)} ${text}`,
  };
}
