import { expect, test } from 'vitest';
import { type OpenerEvent, type OpenerState, transition } from '../../src/delivery/opener-states.js';
import { stateDiagrams } from './state-diagrams.js';

/** Complete: a state or an event type that is missing here is a type error. */
const STATES: Record<OpenerState['name'], true> = {
  closed: true,
  opening: true,
  inSession: true,
  away: true,
  incompatible: true,
};
const EVENTS: Record<OpenerEvent['type'], true> = {
  portOpened: true,
  portClosed: true,
  accepted: true,
  refused: true,
  noSession: true,
  unconfirmed: true,
  ackTimeout: true,
  end: true,
};

test('docs/architecture.md, acknowledged delivery: the diagram has exactly the transitions of the code', () => {
  const found: string[] = [];
  for (const name of Object.keys(STATES)) {
    for (const type of Object.keys(EVENTS)) {
      // What belongs to a state or an event has no part in which state is next.
      const next = transition({ name } as OpenerState, { type } as OpenerEvent);
      if (next.name !== name) {
        found.push(`${name} ${type} ${next.name}`);
      }
    }
  }
  expect(found.length).toBeGreaterThan(10);
  expect(stateDiagrams('docs/architecture.md')[1]).toEqual(found.sort());
});
