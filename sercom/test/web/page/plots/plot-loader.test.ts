import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PlotAnswer, PlotRequest } from '../../../../src/web/protocol.js';
import { PlotLoader } from '../../../../web/plots/plot-loader.js';

interface Question {
  readonly request: PlotRequest;
  readonly signal: AbortSignal;
  answer(answer?: PlotAnswer): Promise<void>;
  fail(error: Error): Promise<void>;
}

const ANSWER: PlotAnswer = { fromUs: 0, toUs: 1, series: [], marks: [], moreMarks: 0 };

let questions: Question[];
let answered: number[];
let failures: unknown[];
let isWorthRetrying: boolean;

/** What waits for the promise has run, too. */
const settled = () => vi.advanceTimersByTimeAsync(0);

function ask(request: PlotRequest, signal: AbortSignal): Promise<PlotAnswer | undefined> {
  return new Promise((resolve, reject) => {
    questions.push({
      request,
      signal,
      async answer(answer) {
        resolve(answer);
        await settled();
      },
      async fail(error) {
        reject(error);
        await settled();
      },
    });
  });
}

function request(columns: number): PlotRequest {
  return { series: [0], columns };
}

function createLoader(): PlotLoader<number> {
  return new PlotLoader<number>(ask, {
    answered: (_, ticket) => answered.push(ticket),
    failed: (error) => {
      failures.push(error);
      return isWorthRetrying;
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  questions = [];
  answered = [];
  failures = [];
  isWorthRetrying = true;
});

afterEach(() => {
  vi.useRealTimers();
});

describe('PlotLoader', () => {
  test('asks at once, and passes on the answer with what belongs to it', async () => {
    const loader = createLoader();
    loader.want(request(1), 7);
    expect(questions).toHaveLength(1);
    await questions[0]!.answer(ANSWER);
    expect(answered).toEqual([7]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(questions).toHaveLength(1);
  });

  test('has one request at a time; of those that wait, only the newest is asked', async () => {
    const loader = createLoader();
    for (let columns = 1; columns <= 5; columns++) loader.want(request(columns), columns);
    expect(questions).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(80);
    expect(questions).toHaveLength(1);
    await questions[0]!.answer(ANSWER);
    await vi.advanceTimersByTimeAsync(80);
    expect(questions.map(({ request: { columns } }) => columns)).toEqual([1, 5]);
  });

  test('asks at most 20 times a second, even if answers come at once', async () => {
    const loader = createLoader();
    for (let ms = 0; ms < 1_000; ms += 5) {
      loader.want(request(1), 1);
      await questions.at(-1)!.answer(ANSWER);
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(questions.length).toBeLessThanOrEqual(21);
    expect(questions.length).toBeGreaterThan(15);
  });

  test('leaves a slow server as much time as it needed', async () => {
    const loader = createLoader();
    loader.want(request(1), 1);
    await vi.advanceTimersByTimeAsync(300);
    loader.want(request(2), 2);
    await questions[0]!.answer(ANSWER);
    await vi.advanceTimersByTimeAsync(299);
    expect(questions).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(questions).toHaveLength(2);
  });

  test('asks again a second after a failure, if that is worth it', async () => {
    const loader = createLoader();
    const error = new Error('no connection');
    loader.want(request(1), 1);
    await questions[0]!.fail(error);
    expect(failures).toEqual([error]);
    await vi.advanceTimersByTimeAsync(999);
    expect(questions).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(questions).toHaveLength(2);
    isWorthRetrying = false;
    await questions[1]!.fail(error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(questions).toHaveLength(2);
    loader.want(request(3), 3);
    await vi.advanceTimersByTimeAsync(0);
    expect(questions[2]!.request.columns).toBe(3);
  });

  test('asks for what is wanted by then after a failure', async () => {
    const loader = createLoader();
    loader.want(request(1), 1);
    loader.want(request(2), 2);
    await questions[0]!.fail(new Error('no connection'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(questions[1]!.request.columns).toBe(2);
  });

  test('ignores what comes after it was stopped, and leaves no timer behind', async () => {
    const loader = createLoader();
    loader.want(request(1), 1);
    loader.want(request(2), 2);
    loader.stop();
    expect(questions[0]!.signal.aborted).toBe(true);
    await questions[0]!.answer(ANSWER);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(answered).toEqual([]);
    expect(questions).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('starts again after it was stopped, whatever became of the request before', async () => {
    const loader = createLoader();
    loader.want(request(1), 1);
    loader.stop();
    loader.want(request(2), 2);
    expect(questions).toHaveLength(2);
    await questions[0]!.fail(new Error('aborted'));
    await questions[1]!.answer(ANSWER);
    expect(failures).toEqual([]);
    expect(answered).toEqual([2]);
  });

  test('goes on when a request was given up by others', async () => {
    const loader = createLoader();
    loader.want(request(1), 1);
    await questions[0]!.answer(undefined);
    expect(answered).toEqual([]);
    loader.want(request(2), 2);
    await vi.advanceTimersByTimeAsync(50);
    expect(questions).toHaveLength(2);
  });
});
