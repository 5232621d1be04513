import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type OpenerEvent, type OpenerState, transition } from '../../src/delivery/opener-states.js';

/** Complete: a state or event that is missing here is a type error. */
const STATES: Record<OpenerState['name'], string> = {
  closed: 'closed',
  opening: 'opening',
  inSession: 'in session',
  away: 'away',
  incompatible: 'incompatible',
};

/** What an event is called in the diagram and in the table. */
const EVENTS: Record<OpenerEvent['type'], [inDiagram: string, inTable: RegExp]> = {
  portOpened: ['port opened', /^port opened$/],
  portClosed: ['port closed', /^port closed$/],
  accepted: ['STATUS', /^STATUS with the H of the latest OPEN, fits$/],
  refused: ['STATUS that does not fit', /^the same, does not fit$/],
  noSession: ['NO_SESSION', /^NO_SESSION( whose D is 0 or is not that of the session)?$/],
  unconfirmed: ['never confirmed', /^nothing of the session has arrived for keepAliveMs since it began/],
  ackTimeout: ['acknowledgement time-out', /^a packet with a number has waited for ackTimeoutMs$/],
  end: ['end', /^the application ends the connection$/],
};

const text = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8');
const stateNames = Object.keys(STATES) as OpenerState['name'][];
const eventTypes = Object.keys(EVENTS) as OpenerEvent['type'][];

/** Every transition of the code to another state, as `state / event / next`. */
function transitionsOfCode(): string[] {
  return stateNames
    .flatMap((name) =>
      eventTypes.map((type) => {
        // What belongs to a state or an event has no part in which state is next.
        const next = transition({ name, session: {} } as OpenerState, { type, session: {} } as OpenerEvent);
        return [name, type, next.name];
      }),
    )
    .filter(([name, , next]) => name !== next)
    .map((words) => words.join(' / '))
    .sort();
}

function typeOf(matches: (names: [string, RegExp]) => boolean): string | undefined {
  return eventTypes.find((type) => matches(EVENTS[type]));
}

function nameOf(state: string): string | undefined {
  return stateNames.find((name) => STATES[name] === state.replaceAll('_', ' '));
}

function transitionsOfDiagram(): string[] {
  const [, diagram = ''] = /```mermaid\n(stateDiagram-v2\n {2}\[\*\] --> closed\n.*?)```/s.exec(text) ?? [];
  return [...diagram.matchAll(/^ *(\w+) --> (\w+): (.*)$/gm)]
    .flatMap(([, from, to, labels]) =>
      labels!
        .split(', ')
        .map((label) => [nameOf(from!), typeOf(([inDiagram]) => inDiagram === label) ?? label, nameOf(to!)]),
    )
    .map((words) => words.join(' / '))
    .sort();
}

/** The rows of the table of the opener that lead to another state. */
function transitionsOfTable(): string[] {
  const [, table = ''] = /^\| state \| event \| what the opener does \|.*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(text) ?? [];
  const found: string[] = [];
  for (const row of table.trim().split('\n')) {
    const [states, event, , next] = row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''));
    for (const state of states!.split(', ')) {
      for (const each of next === state || next === 'the same' ? [] : event!.split(', or ')) {
        const type = typeOf(([, inTable]) => inTable.test(each)) ?? each;
        found.push([nameOf(state), type, nameOf(next!)].join(' / '));
      }
    }
  }
  return found.sort();
}

describe('docs/wire.md, states of the opener', () => {
  test('the diagram has exactly the transitions of the code', () => {
    expect(transitionsOfCode().length).toBeGreaterThan(10);
    expect(transitionsOfDiagram()).toEqual(transitionsOfCode());
  });

  test('the table of events has exactly the transitions of the code', () => {
    expect(transitionsOfTable()).toEqual(transitionsOfCode());
  });

  test('the table of states has every state', () => {
    const [, table = ''] = /^\| state of the opener \| meaning \|\n\|[-|]+\n((?:\|.*\n)+)/m.exec(text) ?? [];
    expect([...table.matchAll(/^\| (.*?) \|/gm)].map(([, state]) => state)).toEqual(Object.values(STATES));
  });
});
