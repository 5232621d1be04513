import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Tests that need a real board. Only these may be skipped when all tools are installed. */
const HARDWARE = /physical/;

/**
 * Prints one line for each skipped test, then one line of totals. With `REQUIRE_TOOLS=1`, a skipped test fails the run
 * because every tool must be installed.
 *
 * Also ends the process without a teardown of native code. The bundler of vitest has threads of its own, and on Node 20
 * and 22 a thread may use what the teardown has freed: the process crashes after the last test
 * (https://github.com/nodejs/node/issues/55706).
 */
export default class SummaryReporter implements Reporter {
  onInit(): void {
    process.once('exit', () => process.exit());
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests: TestCase[] = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    for (const test of skipped) {
      console.log(`skipped: ${test.fullName}`);
    }
    const forbidden = skipped.filter((test) => !HARDWARE.test(test.fullName));
    if (process.env.REQUIRE_TOOLS === '1' && forbidden.length > 0) {
      console.log(`${forbidden.length} tests skipped, but REQUIRE_TOOLS=1; install the tools that their names list`);
      process.exitCode = 1;
    }
    console.log(`${count('passed')} passed, ${count('failed')} failed, ${skipped.length} skipped`);
  }
}
