import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventParser, type ServerEvent } from '../../../../web/feed/sse.js';
import { checkProperty } from '../../../support/check-property.js';

function parse(...chunks: readonly string[]): ServerEvent[] {
  const events: ServerEvent[] = [];
  const parser = new EventParser((event) => events.push(event));
  for (const chunk of chunks) {
    parser.push(chunk);
  }
  return events;
}

test('gives type and data of each event', () => {
  expect(parse('event: hello\ndata: {"a":1}\n\nevent: batch\ndata: {}\n\n')).toEqual([
    { type: 'hello', data: '{"a":1}' },
    { type: 'batch', data: '{}' },
  ]);
});

test('calls an event without a type a message', () => {
  expect(parse('data: x\n\n')).toEqual([{ type: 'message', data: 'x' }]);
});

test('joins several data lines, and removes one space after the colon', () => {
  expect(parse('data:a\ndata:  b\ndata\n\n')).toEqual([{ type: 'message', data: 'a\n b\n' }]);
});

test('ignores comments, unknown fields and events without data', () => {
  expect(parse(':\n\n: alive\n\nretry: 3\nid: 7\n\nevent: nothing\n\ndata: x\n\n')).toEqual([
    { type: 'message', data: 'x' },
  ]);
});

test('ignores a byte order mark at the start only', () => {
  expect(parse('\ufeffdata: \ufeffx\n\n')).toEqual([{ type: 'message', data: '\ufeffx' }]);
});

test('gives nothing of an event that has not ended', () => {
  expect(parse('data: x\n')).toEqual([]);
});

test('gives the same events for every line end and every division into chunks', () => {
  const event = fc.record({
    type: fc.constantFrom('hello', 'batch'),
    data: fc.array(
      fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text)),
      { minLength: 1, maxLength: 3 },
    ),
  });
  const property = fc.property(
    fc.array(event, { maxLength: 5 }),
    fc.constantFrom('\n', '\r\n', '\r'),
    fc.array(fc.nat(60), { maxLength: 20 }),
    (events, end, sizes) => {
      const lines = events.flatMap(({ type, data }) => [`event: ${type}`, ...data.map((line) => `data: ${line}`), '']);
      let text = lines.map((line) => `${line}${end}`).join('');
      const chunks = sizes.map((size) => {
        const chunk = text.slice(0, size);
        text = text.slice(size);
        return chunk;
      });
      expect(parse(...chunks, text)).toEqual(events.map(({ type, data }) => ({ type, data: data.join('\n') })));
    },
  );
  checkProperty(property, 300);
});

test('refuses an event that is too long, in one line or in many', () => {
  const parser = () => new EventParser(() => {}, 100);
  expect(() => parser().push('x'.repeat(101))).toThrow(RangeError);
  expect(() => parser().push('data: 0123456789\n'.repeat(7))).toThrow(RangeError);
});

test('counts nothing of events that have ended, and nothing of comments', () => {
  const events: ServerEvent[] = [];
  const parser = new EventParser((event) => events.push(event), 100);
  for (let number = 0; number < 50; number++) {
    parser.push(`: alive\ndata: ${'x'.repeat(60)}\n\n`);
  }
  parser.push(': alive\n'.repeat(100));
  expect(events).toHaveLength(50);
});
