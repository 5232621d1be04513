import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { smallPng } from './small-png.mjs';

/** Opens pages, and makes pictures of them. */
export class PictureBook {
  #browser;
  #folder;

  constructor(browser, folder) {
    this.#browser = browser;
    this.#folder = folder;
  }

  /**
   * Opens a page, lets something be done in it, and makes a picture.
   *
   * @param name - of the file
   * @param options.url - the address of the page
   * @param options.state - what follows the token in its fragment
   * @param options.plots - the plots in it, each as names and paths in turns
   * @param options.theme - light or dark
   * @param options.act - what is done before, with the page of playwright
   */
  async take(name, { url, state = {}, plots = [], theme = 'light', size = [1280, 800], act }) {
    const [width, height] = size;
    const context = await this.#browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: 1.5,
      colorScheme: theme,
      timezoneId: 'UTC',
      locale: 'en-US',
    });
    try {
      const page = await context.newPage();
      const parameters = new URLSearchParams(state);
      for (const plot of plots) {
        parameters.append('plot', JSON.stringify(plot));
      }
      await page.goto(`${url}&${parameters}`);
      await page
        .getByRole('contentinfo')
        .getByText(/● live|recording is over/)
        .waitFor();
      await act?.(page);
      const png = await page.screenshot({ animations: 'disabled', caret: 'hide' });
      const blank = await context.newPage();
      await mkdir(this.#folder, { recursive: true });
      await writeFile(path.join(this.#folder, `${name}.png`), await smallPng(blank, png));
    } finally {
      await context.close();
    }
  }
}
