import type { FileSink } from '../sinks/file-sink.js';
import type { WebPage, WebPageOptions } from './web-page.js';

/**
 * Opens the live page of a command, if its options ask for that. What it needs is loaded only then.
 *
 * @param files - the files that the command has opened. If the page cannot be opened, they stay as they were
 * @throws CliError
 */
export async function openWebPage(options: WebPageOptions, files: readonly FileSink[]): Promise<WebPage | undefined> {
  if (!options.web) {
    return undefined;
  }
  try {
    const { WebPage } = await import('./web-page.js');
    return await WebPage.open(options);
  } catch (error) {
    await Promise.allSettled(files.map((file) => file.close()));
    throw error;
  }
}
