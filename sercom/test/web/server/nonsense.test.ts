import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SECRETS, served } from '../../support/attacks.js';

const APIS = SECRETS.filter(([method]) => method === 'POST').map(([, path]) => path.replace('/api/', ''));

/** Values that a check may forget. `1e999` becomes infinite. */
const VALUES = [
  ...['null', 'true', '""', '"x"', '"0x"', '"name=,"', '[]', '{}', '[1e999]', '0', '-0', '1', '-1', '0.5', '1e15'],
  ...['1e999', '-1e999', '9007199254740991', '9007199254740993', '1e300', '"hex"', '"text"', '"json"', '"log"', '[0]'],
] as const;

const KEYS = [
  ...[
    'view',
    'filter',
    'follow',
    'kinds',
    'position',
    'count',
    'timeUs',
    'row',
    'what',
    'backward',
    'series',
    'fromUs',
  ],
  ...['toUs', 'columns', 'name', 'format', 'text', 'replyTimeoutMs', '__proto__', 'constructor', 'toString'],
] as const;

test('whatever is asked, nothing fails, and the token is in no answer and no message', async () => {
  const page = await served('--allow-send', '--decode', 'struct:7B', '--web-memory', '1M', '--json');
  const { client, process, token } = page;
  const feed = await client.feed();
  await feed.until(() => (feed.latest.held?.end ?? 0) > 1);
  const value = fc.oneof(
    fc.constantFrom(...VALUES),
    fc.jsonValue({ maxDepth: 3 }).map((each) => JSON.stringify(each)),
  );
  const body = fc.oneof(
    { weight: 5, arbitrary: fc.dictionary(fc.constantFrom<string>(...KEYS), value, { maxKeys: KEYS.length }) },
    { weight: 1, arbitrary: fc.json() },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...APIS), body, fc.boolean(), async (api, fields, hasFeed) => {
      const text =
        typeof fields === 'string'
          ? fields
          : `{${Object.entries(fields)
              .map(([key, each]) => `${JSON.stringify(key)}:${each}`)
              .concat(hasFeed ? [`"feed":"${feed.id}"`] : [])
              .join(',')}}`;
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      const answer = await client.raw(`/api/${api}`, { method: 'POST', headers }, text);
      expect(answer.status, `${api} ${text}`).toBeOneOf([200, 400, 404, 429, 503]);
      expect(answer.body.includes(token)).toBe(false);
    }),
    { numRuns: 400 },
  );
  expect((await client.get('/metrics')).status).toBe(200);
  expect(process.stderr.split('\n').filter((line) => line.includes(token))).toEqual([
    `sercom: the page is at ${page.url}`,
  ]);
  expect(process.stderr).not.toMatch(/the page: |Error/);
}, 120_000);
