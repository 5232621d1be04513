import type { CDPSession, Page } from 'playwright-core';

/** What a tab uses, after collecting garbage. */
export interface TabMemory {
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** Measures the memory of a tab through the protocol of its developer tools. */
export class TabProbe {
  readonly #session: CDPSession;

  private constructor(session: CDPSession) {
    this.#session = session;
  }

  static async of(page: Page): Promise<TabProbe> {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    await session.send('HeapProfiler.enable');
    return new TabProbe(session);
  }

  async memory(): Promise<TabMemory> {
    // What is freed by one collection may free more with the next.
    for (let round = 0; round < 3; round++) {
      await this.#session.send('HeapProfiler.collectGarbage');
    }
    const { metrics } = await this.#session.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((metric) => metric.name === name)!.value;
    return { heapBytes: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') };
  }
}
