import { count } from '../text/count.js';
import { shorten } from '../text/shorten.js';

/** A tab has room for little, and a name can be as long as a path. */
const MAX_NAMES = 4;
const NAME_CHARACTERS = 60;

/**
 * What a page shows: a command, and some names. They are not escaped.
 *
 * @param what - what the names are of, such as `connection`
 */
export function pageTitle(command: string, names: readonly string[], what: string): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => shorten(name, NAME_CHARACTERS));
  const more = names.length - shown.length;
  return `${command} ${[...shown, ...(more > 0 ? [count(more, `more ${what}`)] : [])].join(', ')}`;
}
