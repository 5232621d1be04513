import type { BrowserContext, Download, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** A row of the table of packets, by the title of its columns. Hidden columns are left out; a mark has `Mark` instead. */
export type ShownRow = Readonly<Record<string, string>>;

/** The text in an element, once there is one. */
export async function textOf(element: Locator): Promise<string> {
  return (await element.textContent())!;
}

/** The live page in a browser, in the words of its users. */
export class LivePage {
  readonly page: Page;
  readonly table: Locator;
  readonly status: Locator;
  readonly detail: Locator;

  constructor(page: Page) {
    this.page = page;
    this.table = page.getByRole('grid', { name: 'Packets' });
    this.status = page.getByRole('contentinfo');
    this.detail = page.getByRole('region', { name: 'Selected packet' });
  }

  get context(): BrowserContext {
    return this.page.context();
  }

  tab(name: 'Packets' | 'Plots' | 'Kinds' | 'Connections'): Locator {
    return this.page.getByRole('tab', { name, exact: true });
  }

  /** A button with exactly this name, wherever it is. */
  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  field(name: string): Locator {
    return this.page.getByRole('searchbox', { name, exact: true });
  }

  /** Shows a view. */
  async show(name: 'Packets' | 'Plots' | 'Kinds' | 'Connections'): Promise<void> {
    await this.tab(name).click();
    await this.page.locator(`[role=tab][aria-selected=true]`, { hasText: name }).waitFor();
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  /** Waits until the status bar says something. */
  async says(text: string | RegExp): Promise<void> {
    await this.status.getByText(text).first().waitFor();
  }

  /** Waits until a recording is over and, if the packets are in view, some of them are shown. */
  async isOver(): Promise<void> {
    await this.says('■ the recording is over');
    if (await this.table.isVisible()) {
      await this.hasRows();
    }
  }

  /** Waits until the table has rows. The status bar knows of them before. */
  async hasRows(): Promise<void> {
    await this.table.getByRole('gridcell').first().waitFor();
  }

  /** Waits until all ports are connected. */
  async isConnected(ports = 1): Promise<void> {
    await this.says(new RegExp(`● ${ports} connected`));
  }

  /** The rows that are in view. */
  rows(): Promise<ShownRow[]> {
    return this.#rows('.table-body [role=row]');
  }

  /** A cell of each row that is in view. */
  async column(title: string): Promise<(string | undefined)[]> {
    return (await this.rows()).map((row) => row[title]);
  }

  /** The selected row, if it is in view. */
  async selectedRow(): Promise<ShownRow | undefined> {
    const [row] = await this.#rows('.table-body [role=row][aria-selected=true]');
    return row;
  }

  /** What the page shows for some seconds at its edge. */
  get message(): Locator {
    return this.page.locator('.message');
  }

  /** The series of a plot in its legend, with their values. */
  legend(plot = 1): Promise<Record<string, string>[]> {
    return this.plot(plot)
      .getByRole('table')
      .evaluate((table) => {
        const titles = [...table.querySelectorAll('thead th')].map((each) => each.textContent).slice(1, -1);
        return [...table.querySelectorAll('tbody tr')].map((row) => {
          const [head, ...cells] = row.children;
          const values = titles.map((title, column) => [title, cells[column]!.textContent]);
          return { Series: head!.getAttribute('title')!, ...Object.fromEntries(values) };
        });
      });
  }

  plot(number = 1): Locator {
    return this.page.locator('section.plot').nth(number - 1);
  }

  /** The checkbox of a number in the list, for example `arm imu.accel[2]`. */
  number(name: string): Locator {
    return this.page.getByRole('checkbox', { name, exact: true });
  }

  /** What the link of the page says now. */
  get fragment(): URLSearchParams {
    return new URLSearchParams(new URL(this.page.url()).hash.slice(1));
  }

  /** The file that the page hands to the browser while something is done. */
  async download(act: () => Promise<unknown>): Promise<Download> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), act()]);
    expect(await download.failure()).toBeNull();
    return download;
  }

  /** All in one step, since rows change while they are looked at. */
  #rows(selector: string): Promise<ShownRow[]> {
    return this.table.evaluate((table, selector) => {
      const titles = [...table.querySelectorAll('[role=columnheader]')].map((each) => each.textContent);
      return [...table.querySelectorAll(selector)].map((row) => {
        const cells = [...row.querySelectorAll('[role=gridcell]')];
        return Object.fromEntries(
          cells.flatMap((cell, column) =>
            cell.checkVisibility() ? [[titles[column] ?? 'Mark', cell.textContent]] : [],
          ),
        );
      });
    }, selector);
  }
}
