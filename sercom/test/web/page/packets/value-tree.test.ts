import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonValue, PacketAnswer } from '../../../../src/web/protocol.js';
import { forEachNumber, Place } from '../../../../src/web/series/numbers.js';
import { escapedValue } from '../../../../src/web/server/escaped-value.js';
import { type ValueNode, valueTree } from '../../../../web/packets/value-tree.js';
import { checkProperty } from '../../../support/check-property.js';

/** The tree of a value, whose series have these paths. */
function treeOf(value: JsonValue | undefined, paths: readonly string[] = []): ValueNode | undefined {
  const answer = { value, series: paths.map((_, series) => ({ series, value: 0 })) } as unknown as PacketAnswer;
  return valueTree(answer, (series) => paths[series]!);
}

const childrenOf = (node: ValueNode) => node.children(0, node.size);

/** All nodes, each before its parts. */
function* nodesOf(node: ValueNode): Generator<ValueNode> {
  yield node;
  for (const child of childrenOf(node)) {
    yield* nodesOf(child);
  }
}

test('a packet that cannot be decoded has no tree', () => {
  expect(treeOf(undefined)).toBeUndefined();
});

test('shows the parts of objects and arrays by key and place', () => {
  const tree = treeOf({ move: [10, -4], ok: true, name: 'a', none: null })!;
  expect(childrenOf(tree).map(({ key, kind, text, size }) => [key, kind, text, size])).toEqual([
    ['move', 'array', '[10, -4]', 2],
    ['ok', 'boolean', 'true', 0],
    ['name', 'string', '"a"', 0],
    ['none', 'null', 'null', 0],
  ]);
  expect(childrenOf(childrenOf(tree)[0]!).map(({ key, text }) => [key, text])).toEqual([
    ['0', '10'],
    ['1', '-4'],
  ]);
});

test('knows the series of a number', () => {
  const tree = treeOf({ imu: { accel: [1, 2, 3] }, 'my key': 4 }, ['imu.accel[2]', '["my key"]'])!;
  const [imu, key] = childrenOf(tree);
  expect(childrenOf(childrenOf(imu!)[0]!).map(({ series }) => series)).toEqual([undefined, undefined, 0]);
  expect(key!.series).toBe(1);
});

test('knows the series of a packet that is a number itself', () => {
  expect(treeOf(7, [''])!.series).toBe(0);
});

test('gives parts from any place on', () => {
  const tree = treeOf(Array.from({ length: 1_000 }, (_, index) => index))!;
  expect(tree.children(995, 10).map(({ key }) => key)).toEqual(['995', '996', '997', '998', '999']);
  expect(tree.children(1_000, 10)).toEqual([]);
});

test('treats members with special names like any other', () => {
  const value = JSON.parse('{"__proto__": 1, "constructor": {"toString": 2}}');
  const [proto, other] = childrenOf(treeOf(value, ['__proto__', 'constructor.toString'])!);
  expect([proto!.key, proto!.text, proto!.series]).toEqual(['__proto__', '1', 0]);
  expect(childrenOf(other!)[0]).toMatchObject({ key: 'toString', text: '2', series: 1 });
});

test('cuts what it shows of a large part', () => {
  const wide = treeOf(Array.from({ length: 1_000_000 }, () => 1))!;
  expect(wide.text).toMatch(/^\[1, 1, .*…$/);
  expect(wide.text.length).toBeLessThanOrEqual(81);
  let deep: JsonValue = 1;
  for (let depth = 0; depth < 500; depth++) {
    deep = { ['key'.repeat(100)]: [deep, 'x'.repeat(10_000)] };
  }
  expect(treeOf(deep)!.text.length).toBeLessThanOrEqual(81);
});

test('finds the series of every number that the server finds', () => {
  const key = fc.oneof(
    fc.constantFrom('a', 'b2', '$', 'my key', '0', 'ä', 'x-y', '"', '\\', '[0]', '__proto__'),
    fc.constantFrom('say "hi"', 'C:\\temp', 'a\nb', 'a\\nb', '\x1b[31m', '\u202ex', '\ud800'),
    fc.string({ unit: 'binary' }),
  );
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.integer(),
      fc.boolean(),
      fc.string(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const property = fc.property(value, (each) => {
    const paths: string[] = [];
    const values: number[] = [];
    forEachNumber(each as never, new Place(), (place, number) => {
      paths.push(place.path(10_000)!);
      values.push(number);
    });
    const shown = escapedValue(each as never) as JsonValue;
    const found = [...nodesOf(treeOf(shown, paths)!)].filter(({ series }) => series !== undefined);
    expect(found.map(({ series, text }) => [series, text])).toEqual(
      values.map((number, series) => [series, String(number)]),
    );
  });
  checkProperty(property, 300);
});
