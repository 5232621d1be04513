import { describe, expect, test } from 'vitest';
import type { ConnectionState, SerialStats } from '../../../src/index.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { factsOf } from '../facts.js';

interface Round {
  state: string;
  reported: [code: string, willReconnect: boolean][];
  /** From when the kernel has the device to when the link is connected. */
  connectedAfterMs: number;
  /** From the unplug to the event. */
  afterMs: number;
  sendErrors: string[];
  /** From the event to when the process is idle; null if it never is. */
  idleAfterMs: number | null;
  connectionState: ConnectionState;
}

interface Rounds {
  rounds: Round[];
  events: string[];
  stats: SerialStats;
}

export function describeUnplugs(): void {
  describe('unplugging a gadget on cdc_acm', () => {
    const facts = factsOf<Rounds & { absent: object }>('unplug-gadget');

    test('a connection that is not required starts without its device', async () => {
      expect((await facts()).absent).toEqual({ state: 2, connectionState: 'disconnected' });
    });

    // The first three are the 20 unplugs while packets stream.
    describeRounds(facts, {
      receivingFlood: 8,
      receivingTrickle: 4,
      sendingAndReceiving: 8,
      sending: 2,
      idle: 10,
      slowHandler: 2,
      noHandler: 2,
    });
  });

  describe('unplugging an adapter on ftdi_sio', () => {
    describeRounds(factsOf<Rounds>('unplug-adapter'), { receivingFlood: 3, sendingAndReceiving: 3, idle: 3 });
  });
}

function describeRounds(facts: () => Promise<Rounds>, counts: Record<string, number>): void {
  const total = Object.values(counts).reduce((sum, count) => sum + count);

  test.each(Object.entries(counts))('%s: reports each of %i unplugs exactly once', async (state, count) => {
    const rounds = (await facts()).rounds.filter((round) => round.state === state);
    expect(rounds.map(({ reported }) => reported)).toEqual(Array(count).fill([['CONNECTION_LOST', true]]));
  });

  test('rejects pending sends with CONNECTION_LOST', async () => {
    for (const { state, sendErrors } of (await facts()).rounds) {
      expect(sendErrors, state).toEqual(state.startsWith('sending') ? ['CONNECTION_LOST'] : []);
    }
  });

  test('leaves the process idle', async () => {
    const { rounds } = await facts();
    for (const what of ['connectedAfterMs', 'afterMs', 'idleAfterMs'] as const) {
      const times = rounds.map((round) => round[what] ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
      console.log(`${what}: ${times[0]} to ${times.at(-1)}, median ${times[times.length >> 1]} (emulation)`);
    }
    expect(rounds.filter(({ idleAfterMs }) => idleAfterMs === null)).toEqual([]);
    expect(rounds.filter(({ connectionState }) => connectionState === 'connected')).toEqual([]);
  });

  test('reconnects as soon as the device returns, by watching /dev, long before the next attempt', async () => {
    const { events, stats } = await facts();
    expect(events).toEqual(Array.from({ length: 2 * total }, (_, i) => (i % 2 === 0 ? 'connected' : 'disconnected')));
    expect(stats).toMatchObject({ opens: total, losses: total });
  });

  test('counts everything that is lost', async () => {
    expectNothingUncounted((await facts()).stats);
  });
}
