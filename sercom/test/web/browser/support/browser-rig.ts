import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest';
import { has } from '../../../../../test/support/tools.js';
import { CHROMIUM, launchChromium } from '../../../support/chromium.mjs';
import type { ServedPage } from '../../../support/page-client.js';
import { LivePage } from './live-page.js';

export const hasChromium = has(CHROMIUM);

/** How long to wait for a state. Generous: other tests, and other suites, may use all processors. */
const WAIT_MS = 30_000;

const DEFAULTS: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, timezoneId: 'UTC', locale: 'en-US' };

/** What the browser prints when a request fails, as when sercom has ended. Anything else that it prints is a mistake. */
const FAILED_REQUEST = /^Failed to load resource: /;

/** Of the description of a page after a test that has failed. */
const MAX_TREE_CHARACTERS = 8_000;

/** Addresses without a host. No page of a server can open a file: only what `--open` makes is one. */
const LOCAL = /^(?:blob|data|file):/;

interface OpenOptions extends BrowserContextOptions {
  /** What follows the token in the fragment, for example `&view=plots`. */
  readonly state?: string;
  /** Another address than that of the page. */
  readonly url?: string;
  /** Faults of the page that the test causes, as parts of their messages. Default: there must be none. */
  readonly faults?: readonly string[];
  /** Called before the page opens. */
  readonly prepare?: (context: BrowserContext) => unknown;
}

export interface BrowserRig {
  readonly browser: Browser;
  /** Opens a page in a context of its own, which is closed when the test ends, and waits until it shows something. */
  open(served: Pick<ServedPage, 'url'>, options?: OpenOptions): Promise<LivePage>;
  /** Opens another tab of the same browser session. */
  openTab(page: LivePage, url: string): Promise<LivePage>;
}

/** Starts chromium for the tests of a file. */
export function useBrowser(): BrowserRig {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (hasChromium) {
      browser = await launchChromium();
    }
  }, 120_000);
  afterAll(() => browser?.close());
  vi.setConfig({ testTimeout: 120_000 });
  return {
    get browser() {
      return browser!;
    },
    async open(served, { state = '', url = `${served.url}${state}`, faults = [], prepare, ...options } = {}) {
      const context = await browser!.newContext({ ...DEFAULTS, ...options });
      context.setDefaultTimeout(WAIT_MS);
      const watch = new Watch(context, new URL(served.url).origin);
      onTestFinished(async ({ task }) => {
        if (task.result?.state === 'fail') {
          await describePages(context);
        }
        await context.close();
        expect(watch.mistakes).toEqual(faults.map((fault) => expect.stringContaining(fault)));
      });
      await prepare?.(context);
      return openIn(context, url);
    },
    openTab: (page, url) => openIn(page.context, url),
  };
}

/** Waits until a check passes. */
export function until<Value>(check: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(check, { timeout: WAIT_MS, interval: 50 });
}

async function openIn(context: BrowserContext, url: string): Promise<LivePage> {
  const page = await context.newPage();
  await page.goto(url);
  return new LivePage(page);
}

/** What pages must not do: fail, break their policy, or ask another server. */
class Watch {
  readonly mistakes: string[] = [];

  constructor(context: BrowserContext, origin: string) {
    context.on('page', (page) => this.#watch(page));
    context.on('weberror', (error) => this.mistakes.push(`${error.error().stack}`));
    context.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !LOCAL.test(url)) {
        this.mistakes.push(`request of ${url}`);
      }
    });
  }

  #watch(page: Page): void {
    page.on('console', (message) => {
      const isFailure = message.type() === 'error' && FAILED_REQUEST.test(message.text());
      if (!isFailure) {
        this.mistakes.push(`console: ${message.text()}`);
      }
    });
    page.on('dialog', (dialog) => {
      this.mistakes.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }
}

/** Prints what the pages of a failed test show. */
async function describePages(context: BrowserContext): Promise<void> {
  for (const page of context.pages()) {
    const tree = await page
      .locator('body')
      .ariaSnapshot({ timeout: 1_000 })
      .catch((error: Error) => error.message);
    process.stderr.write(`${page.url()} shows:\n${tree.slice(0, MAX_TREE_CHARACTERS)}\n`);
  }
}
