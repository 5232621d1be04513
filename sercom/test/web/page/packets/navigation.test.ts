import { beforeEach, expect, test } from 'vitest';
import type { LocateAnswer, LocateRequest } from '../../../../src/web/protocol.js';
import type { PageContext } from '../../../../web/context.js';
import { Navigation } from '../../../../web/packets/navigation.js';

let asked: LocateRequest[];
let answer: LocateAnswer | undefined | Error;
let located: [position: number, align: string][];
let missing: number[];
let told: string[];
let navigation: Navigation;

/** The answers are there at once, so a turn is enough. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  asked = [];
  located = [];
  missing = [];
  told = [];
  const ask = async (_api: 'locate', request: LocateRequest) => {
    asked.push(request);
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  };
  const context = { server: { ask }, hello: { feed: 'a' }, tell: (text: string) => told.push(text) };
  navigation = new Navigation(context as unknown as PageContext, {
    onLocated: (position, align) => located.push([position, align]),
    onMissing: (row) => missing.push(row),
  });
});

test('finds a row when all rows have been looked at', async () => {
  answer = { position: 3, row: 50 };
  navigation.go({ row: 50 });
  expect(asked).toEqual([]);
  navigation.matchingChanged(false);
  expect(asked).toEqual([]);
  navigation.matchingChanged(true);
  await settled();
  expect(asked).toEqual([{ row: 50, feed: 'a' }]);
  expect(located).toEqual([[3, 'selected']]);
  expect(missing).toEqual([]);
  navigation.matchingChanged(true);
  expect(asked).toHaveLength(1);
});

test('goes to the last place only', async () => {
  answer = { position: 3, row: 9 };
  navigation.go({ row: 7 });
  navigation.go({ timeUs: 5, isTop: true });
  navigation.matchingChanged(true);
  await settled();
  expect(asked).toEqual([{ timeUs: 5, feed: 'a' }]);
  expect(located).toEqual([[3, 'top']]);
});

test('says if a row does not match, and shows what is nearest', async () => {
  navigation.matchingChanged(true);
  answer = { position: 3, row: 51 };
  navigation.go({ row: 50 });
  await settled();
  expect(located).toEqual([[3, 'center']]);
  expect(missing).toEqual([50]);
});

test('shows the last row for a place after it', async () => {
  navigation.matchingChanged(true);
  answer = { position: 8 };
  navigation.go({ timeUs: 5 });
  await settled();
  answer = { position: 0 };
  navigation.go({ timeUs: 5 });
  await settled();
  expect(located).toEqual([
    [7, 'center'],
    [0, 'center'],
  ]);
  expect(missing).toEqual([]);
});

test('does not complain about the row at the upper edge', async () => {
  navigation.matchingChanged(true);
  answer = { position: 3, row: 51 };
  navigation.go({ row: 50, isTop: true });
  await settled();
  expect(located).toEqual([[3, 'top']]);
  expect(missing).toEqual([]);
});

test('shows nothing if the request was given up, and tells what is wrong', async () => {
  navigation.matchingChanged(true);
  answer = undefined;
  navigation.go({ row: 1 });
  await settled();
  answer = new Error('too many requests');
  navigation.go({ row: 1 });
  await settled();
  expect(located).toEqual([]);
  expect(told).toEqual(['too many requests']);
});
