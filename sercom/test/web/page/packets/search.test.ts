import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FindAnswer, FindRequest } from '../../../../src/web/protocol.js';
import type { PageContext } from '../../../../web/context.js';
import { Search } from '../../../../web/packets/search.js';
import { type Asked, ask } from '../asked.js';

let asked: Asked<FindRequest, FindAnswer>[];
let found: number[];
let notes: (string | undefined)[];
let search: Search;

const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  found = [];
  notes = [];
  const server = {
    ask: (_api: 'find', request: FindRequest, { signal }: { signal: AbortSignal }) => ask(asked, request, signal),
  };
  const context = { server, hello: { feed: 'a' }, announce: () => {} };
  search = new Search(context as unknown as PageContext, {
    onFound: (position) => found.push(position),
    onNote: (note) => notes.push(note),
  });
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test('looks from a position on, and gives that of the match', async () => {
  void search.find('hello', 7, true);
  expect(asked[0]!.request).toEqual({ what: 'hello', position: 7, backward: true, feed: 'a' });
  await asked[0]!.answer({ position: 5, row: 50 });
  expect(found).toEqual([5]);
  expect(notes.at(-1)).toBeUndefined();
});

test.each([
  [false, '✖ none below: N looks above'],
  [true, '✖ none above: n looks below'],
])('says where there is none (backward: %s)', async (isBackward, note) => {
  void search.find('hello', 7, isBackward);
  await asked[0]!.answer({});
  expect(found).toEqual([]);
  expect(notes.at(-1)).toBe(note);
});

test('says what is wrong', async () => {
  void search.find('length=x', 0, false);
  await asked[0]!.answer({ problem: 'invalid length "x"' });
  expect(notes.at(-1)).toBe('✖ invalid length "x"');
  void search.find('hello', 0, false);
  await asked[1]!.fail(new Error('no connection to sercom'));
  expect(notes.at(-1)).toBe('✖ no connection to sercom');
});

test('says that it is searching if that takes long', async () => {
  void search.find('hello', 0, false);
  await vi.advanceTimersByTimeAsync(299);
  expect(notes).toEqual([undefined]);
  await vi.advanceTimersByTimeAsync(1);
  expect(notes.at(-1)).toBe('searching…');
  await asked[0]!.answer({ position: 1 });
  expect(notes.at(-1)).toBeUndefined();
});

test('can be given up', async () => {
  expect(search.giveUp()).toBe(false);
  void search.find('hello', 0, false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(search.giveUp()).toBe(true);
  await settled();
  expect(notes.at(-1)).toBeUndefined();
  expect(search.giveUp()).toBe(false);
});

test('a newer search takes the place of one that is running', async () => {
  void search.find('old', 0, false);
  void search.find('new', 0, false);
  await settled();
  await asked[1]!.answer({ position: 3 });
  expect(found).toEqual([3]);
});
