import { describe, expect, test } from 'vitest';
import {
  CONNECTION_STATES,
  type State,
  type StateEvent,
  transition,
} from '../../src/serial/supervisor/connection-states.js';
import { readDocument } from './markdown.js';
import { stateDiagrams } from './state-diagrams.js';

/** Complete: an event type that is missing here is a type error. */
const EVENTS: Record<StateEvent['type'], true> = {
  open: true,
  opened: true,
  failed: true,
  start: true,
  settled: true,
  lost: true,
  lostForGood: true,
  lostClosed: true,
  due: true,
  unblocked: true,
  release: true,
  freed: true,
  reopen: true,
  failedForGood: true,
  drain: true,
  close: true,
};

const text = readDocument('docs/architecture.md');
const stateNames = Object.keys(CONNECTION_STATES) as State['name'][];
const eventTypes = Object.keys(EVENTS) as StateEvent['type'][];

/** Every transition of the code, as `state event next`. */
function transitionsOfCode(): string[] {
  const found: string[] = [];
  for (const name of stateNames) {
    for (const type of eventTypes) {
      // What belongs to a state or an event has no part in which state is next.
      const state = { name, attempt: {} } as State;
      const next = transition(state, { type } as StateEvent);
      if (next !== state) {
        found.push(`${name} ${type} ${next.name}`);
      }
    }
  }
  return found.sort();
}

/** The rows of the table whose first column has this heading. */
function tableOf(heading: string): string[][] {
  const [, table = ''] = new RegExp(`^\\| ${heading} \\|.*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`, 'm').exec(text) ?? [];
  return table
    .trim()
    .split('\n')
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

describe('docs/architecture.md, states of a connection', () => {
  test('the diagram has exactly the transitions of the code', () => {
    expect(transitionsOfCode().length).toBeGreaterThan(20);
    expect(stateDiagrams('docs/architecture.md')[0]).toEqual(transitionsOfCode());
  });

  test('the table of states has exactly the transitions of the code', () => {
    const rows = tableOf('state').flatMap(([state, , , transitions]) =>
      transitions === ''
        ? []
        : transitions!.split(', ').map((each) => {
            const [event, next] = each.split(' → ');
            return `${state} ${event} ${next}`;
          }),
    );
    expect(rows.sort()).toEqual(transitionsOfCode());
  });

  test('the table of states has every state, in the order of the code, and its connectionState', () => {
    const rows = tableOf('state').map(([state, , connectionState]) => [state, connectionState]);
    expect(rows).toEqual(Object.entries(CONNECTION_STATES));
  });

  test('the table of events has every event', () => {
    expect(tableOf('event').map(([event]) => event)).toEqual(eventTypes);
  });

  test('every state but the first can be reached, and every state but the last can be left', () => {
    const transitions = transitionsOfCode().map((each) => each.split(' '));
    const reached = new Set(transitions.map(([, , next]) => next));
    const left = new Set(transitions.map(([state]) => state));
    expect(stateNames.filter((name) => !reached.has(name))).toEqual(['idle']);
    expect(stateNames.filter((name) => !left.has(name))).toEqual(['closed']);
  });
});
