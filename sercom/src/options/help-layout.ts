import { Help } from 'commander';
import { wrapWords } from '../text/columns.js';

/** With less room than this for the description beside a term, it goes below it. */
const MIN_DESCRIPTION_COLUMNS = 40;

/** The columns around the term of an item. */
const MARGIN_COLUMNS = 4;

/** Formats an item of help, such as an option, like Commander. On a narrow terminal, the description is below the term. */
export function formatItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
  const columns = helper.helpWidth ?? 80;
  if (columns - termWidth - MARGIN_COLUMNS >= MIN_DESCRIPTION_COLUMNS) {
    return Help.prototype.formatItem.call(this, term, termWidth, description, helper);
  }
  return `  ${term}\n      ${description}`;
}

/** The text of help for a terminal: its lines are wrapped between words. Without a width, it is unchanged. */
export function fittedHelp(text: string, columns: number | undefined): string {
  return columns === undefined
    ? text
    : text
        // Lines of one paragraph.
        .replace(/^(\S.*)\n(?=\S)/gm, '$1 ')
        .split('\n')
        .flatMap((line) => wrapWords(line, columns))
        .join('\n');
}
