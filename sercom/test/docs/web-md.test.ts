import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/web/server/limits.js';
import { Refusal, type RefusalReason } from '../../src/web/server/refusal.js';
import { fromFragment } from '../../web/fragment.js';
import { KEYS, shownKey } from '../../web/keys.js';
import { servePage } from '../support/page-client.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

const text = read('docs/web.md');
const protocol = read('sercom/src/web/protocol.ts');

/** A table, and the paragraph before it. */
interface Table {
  readonly caption: string;
  readonly title: string;
  /** The cells of its rows. */
  readonly rows: readonly (readonly string[])[];
}

const tables: readonly Table[] = [
  ...text.matchAll(/([^\n]*(?:\n[^\n|]+)*)\n\n(\|.*\|)\n\|[-|]+\|\n((?:\|.*\|\n)+)/g),
].map(([, caption = '', title = '', rows = '']) => ({ caption, title, rows: rows.trimEnd().split('\n').map(cellsOf) }));

function cellsOf(row: string): string[] {
  return row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('\\|', '|').trim());
}

function tableOf(title: string): Table {
  const found = tables.filter((table) => table.title === title);
  expect(found, title).toHaveLength(1);
  return found[0]!;
}

/** A cell without the marks of code. */
function code(cell: string): string {
  return cell.replace(/^`(.*)`$/, '$1');
}

/** The fields of each interface of the protocol, with their types. */
const interfaces = [...protocol.matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)].map(
  ([, name = '', body = '']) => ({
    name,
    fields: [...body.matchAll(/^ {2}readonly (\w+\??): (.*);$/gm)].map(([, field, type]) => [
      field,
      type!.replaceAll('readonly ', ''),
    ]),
  }),
);

describe('docs/web.md', () => {
  const fieldTables = tables.filter(({ title }) => title === '| field | type | content |');

  test.each(interfaces)('lists the fields of $name, with their types', ({ name, fields }) => {
    const found = fieldTables.filter(({ caption }) => caption.includes(`\`${name}\``));
    expect(found.map(({ rows }) => rows.map(([field, type]) => [code(field!), code(type!)]))).toEqual([fields]);
  });

  test('has tables of nothing else, and says something about each field', () => {
    expect(fieldTables).toHaveLength(interfaces.length);
    const empty = fieldTables.flatMap(({ rows }) => rows.filter((row) => row.length !== 3 || row.includes('')));
    expect(empty).toEqual([]);
  });

  test('names every kind of mark', () => {
    const [, kinds = ''] = /^export type MarkKind = (.*);$/m.exec(protocol) ?? [];
    const row = fieldTables.flatMap(({ rows }) => rows).find(([field]) => field === '`mark`');
    expect([...row![2]!.matchAll(/`(\w+)`/g)].map(([, kind]) => kind)).toEqual(
      [...kinds.matchAll(/'(\w+)'/g)].map(([, kind]) => kind),
    );
  });

  test('names every path of the server, and no other', () => {
    const ofServer = [...read('sercom/src/web/server/api-routes.ts').matchAll(/'(\/api\/[\w-]+)'/g)].map(
      ([, route]) => route,
    );
    const described = [...text.matchAll(/`(?:POST|GET) (\/api\/[\w-]+)`/g)].map(([, route]) => route);
    expect(described.sort()).toEqual(ofServer.sort());
    const named = [...text.matchAll(/\/api\/[\w-]+/g)].map(([route]) => route);
    expect(named.filter((route) => !ofServer.includes(route))).toEqual([]);
  });

  test('lists every reason to refuse a request, with its status', () => {
    const { rows } = tableOf('| status | reason | when |');
    const [, reasons = ''] = /type RefusalReason =\n(.*?);/s.exec(read('sercom/src/web/server/refusal.ts')) ?? [];
    const actual = [...reasons.matchAll(/'(\w+)'/g)].map(([, reason]) => [
      String(new Refusal(reason as RefusalReason, '').status),
      reason,
    ]);
    expect(rows.map(([status, reason]) => [status, code(reason!)])).toEqual(actual);
  });

  test('lists every limit of clients', () => {
    const { rows } = tableOf('| limit | value |');
    expect(rows.map(([, value]) => Number(value!.replace(/ (?:bytes|ms)$/, '').replaceAll(',', '')))).toEqual(
      Object.values(LIMITS),
    );
  });

  test('has the keys of the page', () => {
    expect(tableOf('| key | effect | in |').rows).toEqual(
      KEYS.map(({ keys, does, view = '' }) => [keys.map((key) => `\`${shownKey(key)}\``).join(' '), does, view]),
    );
  });

  test('describes links as the page reads them', () => {
    const { rows } = tableOf('| parameter | content |');
    const names = rows.flatMap(([cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
    const example = (name: string) => {
      const row = rows.find(([cell]) => cell!.includes(`\`${name}\``));
      return [...row![1]!.matchAll(/`([^`]+)`/g)].map(([, value]) => value!);
    };
    const stateOf = (name: string, value: string) =>
      fromFragment(new URLSearchParams({ token: 'secret', [name]: value }).toString()).state;
    const plain = fromFragment('token=secret');
    expect(plain.token).toBe('secret');
    expect(example('view').map((view) => stateOf('view', view).view)).toEqual(example('view'));
    expect(example('theme').map((theme) => stateOf('theme', theme).theme)).toEqual(example('theme'));
    expect(stateOf('last', example('last')[0]!).range).toEqual({ kind: 'last', seconds: 60 });
    expect(stateOf('range', example('range')[1]!).range).toMatchObject({ kind: 'fixed', fromUs: 1.7e15 });
    const arm = { name: 'arm', path: 'temp' };
    expect(stateOf('plot', example('plot')[0]!).plots).toEqual([
      { series: [arm, { name: 'arm', path: 'imu.accel[2]' }] },
    ]);
    expect(stateOf('plot', example('plot')[1]!).plots).toEqual([{ series: [arm], scale: { min: -10, max: 10 } }]);
    // All that the page reads.
    const parsed = [...read('sercom/web/fragment.ts').matchAll(/(?:text|getAll)\('(\w+)'\)/g)].map(([, name]) => name!);
    expect(names.sort()).toEqual([...new Set(parsed)].sort());
  });

  test('lists the metrics', async () => {
    const { rows } = tableOf('| metric | labels | content |');
    const { client } = await servePage('monitor', 'arm=sim:', '-q');
    // So that each label is there.
    await client.raw('/metrics');
    const metrics = (await client.get('/metrics')).body.toString();
    const names = [...metrics.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!);
    expect(rows.map(([name]) => code(name!))).toEqual(names);
    for (const [name, labels] of rows) {
      const [, shown] = new RegExp(`^${code(name!)}(?:\\{(.*)\\})? `, 'm').exec(metrics) ?? [];
      // No frame was rejected.
      const expected = name === '`sercom_rejected_frames_total`' ? 'name="",reason=""' : shown;
      const used = [...(expected ?? '').matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``).join(', ');
      expect([name, labels]).toEqual([name, used]);
    }
  });
});
