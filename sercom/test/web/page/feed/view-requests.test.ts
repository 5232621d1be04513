import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Batch, ViewAnswer, ViewRequest } from '../../../../src/web/protocol.js';
import type { FilterOutcome } from '../../../../web/context.js';
import { ViewRequests } from '../../../../web/feed/view-requests.js';
import { type Server, ServerProblem } from '../../../../web/server.js';
import { type Asked, ask } from '../asked.js';

let asked: Asked<ViewRequest, ViewAnswer>[];
let outcomes: FilterOutcome[];
let problems: string[];
let requests: ViewRequests;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  outcomes = [];
  problems = [];
  const server = { ask: (_api: string, request: ViewRequest) => ask(asked, request) };
  requests = new ViewRequests(server as unknown as Server, {
    onFiltered: (outcome) => outcomes.push(outcome),
    onProblem: (problem) => problems.push(problem),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const last = () => asked.at(-1)!;
const ROWS: Batch = { rows: [], matching: { first: 0, end: 5, isComplete: true }, skippedRows: 3 };

/** Begins a feed whose first view is accepted. */
async function begin(): Promise<void> {
  requests.begin('a');
  await last().answer({});
  requests.current({ view: last().request.view });
  outcomes = [];
}

test('asks for nothing before a feed has begun', () => {
  requests.want({ follow: 30 });
  expect(asked).toEqual([]);
});

test('asks for all wishes when a feed begins', () => {
  requests.want({ follow: 30, filter: 'dir=rx' });
  requests.begin('a');
  expect(last().request).toEqual({ feed: 'a', view: 1, follow: 30, filter: 'dir=rx', kinds: false });
});

test('asks once more, with the latest wishes, when the answer has come', async () => {
  await begin();
  requests.want({ follow: 10 });
  requests.want({ follow: 20 });
  requests.want({ kinds: true });
  expect(asked).toHaveLength(2);
  await last().answer({});
  expect(asked).toHaveLength(3);
  expect(last().request).toMatchObject({ view: 3, follow: 20, kinds: true });
});

test('asks for nothing that is so already', async () => {
  await begin();
  requests.want({ follow: 0 });
  expect(asked).toHaveLength(1);
});

test('says once that a filter is used, when the answer or a batch shows it', async () => {
  await begin();
  requests.want({ filter: 'dir=tx' });
  requests.current({ view: last().request.view });
  expect(outcomes).toEqual([{ isApplied: true, filter: 'dir=tx' }]);
  await last().answer({});
  expect(outcomes).toHaveLength(1);
  requests.want({ filter: 'dir=rx' });
  await last().answer({});
  expect(outcomes).toHaveLength(2);
  requests.current({ view: last().request.view });
  expect(outcomes).toHaveLength(2);
});

test('says nothing if only the rows to follow change', async () => {
  await begin();
  requests.want({ follow: 9 });
  await last().answer({});
  expect(outcomes).toEqual([]);
});

test('removes from batches what is about the filter before', async () => {
  await begin();
  expect(requests.current(ROWS)).toEqual(ROWS);
  requests.want({ filter: 'dir=tx' });
  expect(requests.current(ROWS)).toEqual({ skippedRows: 3 });
  await last().answer({});
  // The batches that were on their way when the request was answered.
  expect(requests.current(ROWS)).toEqual({ skippedRows: 3 });
  const { view } = last().request;
  expect(requests.current({ ...ROWS, view })).toEqual({ ...ROWS, view });
  expect(requests.current(ROWS)).toEqual(ROWS);
});

test('takes batches of the new filter that come before the answer', async () => {
  await begin();
  requests.want({ filter: 'dir=tx' });
  const { view } = last().request;
  expect(requests.current({ ...ROWS, view })).toEqual({ ...ROWS, view });
  expect(requests.current(ROWS)).toEqual(ROWS);
});

test('adds to the first batch of a filter what the server does not send again', async () => {
  await begin();
  requests.current(ROWS);
  requests.want({ filter: 'dir=tx' });
  const { view } = last().request;
  expect(requests.current({ view })).toEqual({ view, matching: ROWS.matching });
});

test('keeps the view before if a filter is rejected', async () => {
  await begin();
  requests.want({ filter: 'foo' });
  await last().answer({ problem: 'unknown condition "foo"' });
  expect(outcomes).toEqual([{ isApplied: false, problem: 'unknown condition "foo"' }]);
  expect(asked).toHaveLength(2);
  expect(requests.current(ROWS)).toEqual(ROWS);
});

test('asks again for what was wished together with a rejected filter', async () => {
  await begin();
  requests.want({ filter: 'foo', follow: 7 });
  await last().answer({ problem: 'unknown' });
  expect(last().request).toMatchObject({ filter: '', follow: 7 });
  await last().answer({});
  expect(outcomes).toEqual([{ isApplied: false, problem: 'unknown' }]);
});

test('begins without a filter if that of a link is rejected', async () => {
  requests.want({ filter: 'foo', follow: 7 });
  requests.begin('a');
  await last().answer({ problem: 'unknown' });
  expect(last().request).toMatchObject({ filter: '', follow: 7 });
  await last().answer({});
  expect(outcomes).toEqual([
    { isApplied: false, problem: 'unknown' },
    { isApplied: true, filter: '' },
  ]);
});

test('reports no rejection if another filter is wished meanwhile', async () => {
  await begin();
  requests.want({ filter: 'foo' });
  requests.want({ filter: 'dir=rx' });
  await last().answer({ problem: 'unknown' });
  expect(outcomes).toEqual([]);
  expect(last().request).toMatchObject({ filter: 'dir=rx' });
});

test('tells a new feed everything again, with higher numbers', async () => {
  requests.want({ filter: 'dir=rx', follow: 5 });
  await begin();
  requests.begin('b');
  expect(last().request).toEqual({ feed: 'b', view: 2, filter: 'dir=rx', follow: 5, kinds: false });
  expect(requests.current(ROWS)).toEqual({ skippedRows: 3 });
});

test('ignores the answer to a feed that has ended', async () => {
  requests.want({ filter: 'foo' });
  requests.begin('a');
  requests.begin('b');
  await asked[0]!.answer({ problem: 'unknown' });
  expect(outcomes).toEqual([]);
  expect(last().request).toMatchObject({ feed: 'b', filter: 'foo' });
});

test('asks again after a failure, and reports it once', async () => {
  await begin();
  requests.want({ follow: 3 });
  await last().fail(new ServerProblem(429, 'too many requests'));
  await vi.advanceTimersByTimeAsync(1_000);
  await last().fail(new ServerProblem(429, 'too many requests'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(problems).toEqual(['too many requests']);
  expect(last().request).toMatchObject({ follow: 3 });
  await last().answer({});
  expect(asked).toHaveLength(4);
});

test('says nothing of a lost connection, which the feed notices, too', async () => {
  await begin();
  requests.want({ follow: 3 });
  await last().fail(new ServerProblem(0, 'no connection to sercom'));
  requests.end();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(problems).toEqual([]);
  expect(asked).toHaveLength(2);
});
