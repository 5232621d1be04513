import fc from 'fast-check';
import { test } from 'vitest';
import { someTurns } from '../contract/harness.js';
import { runSeed } from '../support/random.js';
import { FUZZ_SECONDS, FUZZ_TIMEOUT_MS } from './fuzz.js';
import { ANSWERS, DEADLINE_MS, MODES, RequestRig } from './request-rig.js';

/** One step of an interleaving. Turns are those of the event loop. */
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.record({ step: fc.constant('packets'), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('requests of the device'), count: fc.constantFrom(1, 4) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constantFrom('send', 'iterator', 'own handler') }) },
  {
    weight: 7,
    arbitrary: fc.record({
      step: fc.constant('request'),
      // With several steps of 60, some requests wait for an id.
      copies: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 60),
      answer: fc.constantFrom(...ANSWERS),
      timeoutMs: fc.integer({ min: 1, max: 15 }),
      concurrent: fc.boolean(),
      abortAfterTurns: fc.option(fc.nat(4), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('mode'), mode: fc.constantFrom(...MODES) }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('pause'), turns: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constantFrom('stall', 'unplug'), turns: fc.nat(6) }) },
);

type Step = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

async function run(rig: RequestRig, given: Step): Promise<void> {
  if (given.step === 'unplug' && 'turns' in given) {
    await rig.unplug(given.turns);
  } else if (given.step === 'stall' && 'turns' in given) {
    await rig.stall(given.turns);
  } else if ('turns' in given) {
    await someTurns(given.turns);
  } else if ('mode' in given) {
    rig.mode = given.mode;
  } else if ('count' in given) {
    rig.sendNumbered(given.count, rig.hasIds && given.step !== 'packets');
  } else if ('answer' in given) {
    const { copies, answer, timeoutMs, concurrent, abortAfterTurns } = given;
    const controller = new AbortController();
    const ownSignal = abortAfterTurns === undefined ? {} : { signal: controller.signal };
    for (let left = copies; left > 0; left--) {
      void rig.request({ answer, timeoutMs, concurrent, ...ownSignal });
    }
    if (abortAfterTurns !== undefined) {
      void someTurns(abortAfterTurns).then(() => controller.abort(new Error('aborted')));
    }
  } else if (given.step === 'iterator') {
    rig.toggleIterator();
  } else if (given.step === 'own handler') {
    rig.setOwnHandler();
  } else {
    rig.send();
  }
}

/** Runs that one seed stands for. They take less than a second. */
const RUNS = 40;

/** A run that blocks takes its deadline. This leaves time to look for shorter ones. */
const SHRINK_MS = 4 * DEADLINE_MS;

/** Runs the steps, in some cases waits until nothing is left to do, and shuts down. */
function interleavings(hasIds: boolean) {
  return fc.asyncProperty(
    fc.array(steps, { maxLength: 25 }),
    fc.constantFrom(20, 200, 65_536),
    fc.boolean(),
    async (given, requestBacklogBytes, becomesQuiet) => {
      const rig = new RequestRig(hasIds, requestBacklogBytes);
      await rig.serial.initialize();
      for (const step of given) {
        await run(rig, step);
      }
      if (becomesQuiet) {
        await rig.becomeQuiet();
      }
      await rig.shutDown();
    },
  );
}

test.each([
  ['with ids', true],
  ['without ids', false],
])(
  'no interleaving of requests, handlers, aborts, losses and shutdown blocks, loses or mixes up anything: %s',
  async (name, hasIds) => {
    const firstSeed = runSeed();
    const endAt = performance.now() + FUZZ_SECONDS * 1_000;
    let batches = 0;
    do {
      const seed = (firstSeed + batches++) | 0;
      try {
        await fc.assert(interleavings(hasIds), { seed, numRuns: RUNS, interruptAfterTimeLimit: SHRINK_MS });
      } catch (error) {
        throw new Error(`repeat it with TEST_SEED=${seed}\n${error}`, { cause: error });
      }
    } while (performance.now() < endAt);
    console.log(`requests ${name}: ${batches * RUNS} interleavings from TEST_SEED=${firstSeed}`);
  },
  FUZZ_TIMEOUT_MS + SHRINK_MS,
);
