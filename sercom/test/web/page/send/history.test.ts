import { describe, expect, test } from 'vitest';
import { SendHistory, type SentInput } from '../../../../web/send/history.js';

function input(text: string, change: Partial<SentInput> = {}): SentInput {
  return { name: 0, format: 'hex', text, ...change };
}

const draft = input('draft');

describe('SendHistory', () => {
  test('goes back to older inputs and forward to the draft', () => {
    const history = new SendHistory();
    history.add(input('1'));
    history.add(input('2', { format: 'json' }));
    expect(history.older(draft)).toEqual(input('2', { format: 'json' }));
    expect(history.older(input('2'))?.text).toBe('1');
    expect(history.older(input('1'))).toBeUndefined();
    expect(history.newer()?.text).toBe('2');
    expect(history.newer()).toBe(draft);
    expect(history.newer()).toBeUndefined();
  });

  test('is empty at first', () => {
    const history = new SendHistory();
    expect(history.older(draft)).toBeUndefined();
    expect(history.newer()).toBeUndefined();
  });

  test('keeps what is sent again and again once, unless the format or the connection differs', () => {
    const history = new SendHistory();
    for (const each of [
      input('1'),
      input('1'),
      input('1', { format: 'text' }),
      input('1', { format: 'text', name: 1 }),
    ]) {
      history.add(each);
    }
    const all: string[] = [];
    for (let each = history.older(draft); each !== undefined; each = history.older(draft)) {
      all.push(`${each.name} ${each.format}`);
    }
    expect(all).toEqual(['1 text', '0 text', '0 hex']);
  });

  test('is at its end after something was sent', () => {
    const history = new SendHistory();
    history.add(input('1'));
    history.older(draft);
    history.add(input('2'));
    expect(history.newer()).toBeUndefined();
    expect(history.older(draft)?.text).toBe('2');
  });

  test('forgets all but the last 100', () => {
    const history = new SendHistory();
    for (let count = 0; count < 300; count++) history.add(input(String(count)));
    let oldest: SentInput | undefined;
    for (let each = history.older(draft); each !== undefined; each = history.older(draft)) oldest = each;
    expect(oldest?.text).toBe('200');
  });
});
