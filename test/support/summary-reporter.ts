import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Tests that need a board on the desk: the only ones that may be skipped where every tool is there. */
const HARDWARE = /physical/;

/**
 * Ends the run with one plain line of totals, after a line for each test that was skipped. Where every tool must be
 * there (`REQUIRE_TOOLS=1`), a skipped test fails the run.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests: TestCase[] = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    for (const test of skipped) {
      console.log(`skipped: ${test.fullName}`);
    }
    const forbidden = skipped.filter((test) => !HARDWARE.test(test.fullName));
    if (process.env.REQUIRE_TOOLS === '1' && forbidden.length > 0) {
      console.log(`${forbidden.length} skipped tests, but REQUIRE_TOOLS=1: install what they name`);
      process.exitCode = 1;
    }
    console.log(`${count('passed')} passed, ${count('failed')} failed, ${skipped.length} skipped`);
  }
}
