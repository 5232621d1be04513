import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RowsAnswer, RowsRequest } from '../../../../src/web/protocol.js';
import { RowLoader } from '../../../../web/packets/row-loader.js';
import { ServerClosed } from '../../../../web/server.js';
import { type Asked, ask } from '../asked.js';

let asked: Asked<Pick<RowsRequest, 'position' | 'count'>, RowsAnswer>[];
let answers: RowsAnswer[];
let problems: unknown[];
let loader: RowLoader;

const NOTHING: RowsAnswer = { position: 0, rows: [] };

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answers = [];
  problems = [];
  loader = new RowLoader({
    ask: (request) => ask(asked, request),
    onRows: (answer) => answers.push(answer),
    onProblem: (problem) => problems.push(problem),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const ranges = () => asked.map(({ request: { position, count } }) => [position, position + count]);

test('asks for what is needed, and passes it on', async () => {
  loader.need(10, 40);
  expect(ranges()).toEqual([[10, 40]]);
  await asked[0]!.answer({ position: 10, rows: [] });
  expect(answers).toEqual([{ position: 10, rows: [] }]);
});

test('asks for at most 500 rows', () => {
  loader.need(0, 2_000);
  expect(ranges()).toEqual([[0, 500]]);
});

test('asks one at a time, and then only for the last place', async () => {
  loader.need(0, 10);
  loader.need(100, 110);
  loader.need(200, 210);
  expect(asked).toHaveLength(1);
  await asked[0]!.answer(NOTHING);
  expect(ranges()).toEqual([
    [0, 10],
    [200, 210],
  ]);
});

test('does not ask again for what was not there, until there may be more', async () => {
  loader.need(0, 10);
  await asked[0]!.answer(NOTHING);
  loader.need(0, 10);
  expect(asked).toHaveLength(1);
  loader.retry();
  loader.need(0, 10);
  expect(asked).toHaveLength(2);
});

test('drops an answer about positions that mean other rows now', async () => {
  loader.need(0, 10);
  loader.reset();
  loader.need(0, 10);
  await asked[0]!.answer(NOTHING);
  expect(answers).toEqual([]);
  expect(asked).toHaveLength(2);
  await asked[1]!.answer(NOTHING);
  expect(answers).toHaveLength(1);
});

test('passes nothing on if the request was given up', async () => {
  loader.need(0, 10);
  await asked[0]!.answer(undefined);
  expect(answers).toEqual([]);
});

test('tries again a second after a failure, at the last place', async () => {
  loader.need(0, 10);
  await asked[0]!.fail(new Error('no connection'));
  loader.need(50, 60);
  await vi.advanceTimersByTimeAsync(999);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(ranges()[1]).toEqual([50, 60]);
  expect(problems).toHaveLength(1);
});

test('tries the same place again if nothing else is needed', async () => {
  loader.need(0, 10);
  await asked[0]!.fail(new Error('no connection'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ranges()[1]).toEqual([0, 10]);
});

test('does not try again by itself when sercom has ended', async () => {
  loader.need(0, 10);
  await asked[0]!.fail(new ServerClosed());
  expect(vi.getTimerCount()).toBe(0);
  expect(problems).toEqual([new ServerClosed()]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(1);
  // After the user has connected again, the same rows are needed.
  loader.need(0, 10);
  expect(ranges()[1]).toEqual([0, 10]);
});
