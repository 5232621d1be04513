import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pageOf } from '../../test/support/chromium.mjs';

const SERCOM = fileURLToPath(new URL('../../bin/sercom.js', import.meta.url));

/** A running `sercom` with a live page. */
export class SercomPage {
  url;
  #process;

  /** @param folder - where it runs */
  static async start(folder, ...commandLine) {
    const sercom = new SercomPage();
    sercom.#process = spawn(process.execPath, [SERCOM, ...commandLine, '-q', '--web'], {
      cwd: folder,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    sercom.url = await pageOf(sercom.#process);
    return sercom;
  }

  async end() {
    const ended = once(this.#process, 'close');
    this.#process.kill('SIGINT');
    await ended;
  }
}
