import { FILTER_GRAMMAR } from '../records/filter.js';
import { type OptionsOf, option } from './define.js';
import { collect, integer } from './values.js';

/** The options of every command that shows the records of its source: which, how many, and in what form. */
export const RECORD_OPTIONS = {
  count: option('-n, --count <packets>', 'stop after receiving this many packets', { parse: integer(1) }),
  filter: option('--filter <conditions>', `only records that match: ${FILTER_GRAMMAR}; repeatable, all must match`, {
    parse: collect,
  }),
  reject: option('--reject <conditions>', 'exclude records that match; repeatable, any match excludes', {
    parse: collect,
  }),
  quiet: option('-q, --quiet', 'print no packets'),
  stats: option('--stats', 'show a status line (on a terminal) and print a summary at the end'),
  changes: option('--changes', 'show one line per kind of packet and highlight changed bytes', {
    // --decode names the dissector of a capture, and yields what the page plots.
    excludes: ['json', 'format', 'columns', 'maxBytes', { option: 'decode', unless: ['pcapng', 'web'] }],
  }),
  leadingBytes: option('--lead <bytes>', 'number of leading bytes that identify a kind of packet', {
    parse: integer(0, 32),
    default: 1,
    needs: ['changes', 'web'],
  }),
};

export type RecordOptions = OptionsOf<typeof RECORD_OPTIONS>;
