import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { SERCOM } from '../../../support/sercom-process.js';
import { hasChromium } from './browser-rig.js';

/** A page that all tests of a file open, each in a browser context of its own: it must be one that they do not change. */
export interface SharedServer {
  readonly url: string;
}

/**
 * Starts `sercom` with `--web` once for the tests of a file.
 *
 * @param commandLine - gets a folder that lives as long
 */
export function useServer(commandLine: (folder: string) => Promise<readonly string[]>): SharedServer {
  let folder = '';
  let sercom: ChildProcess | undefined;
  let url = '';
  beforeAll(async () => {
    if (!hasChromium) {
      return;
    }
    folder = await mkdtemp(path.join(tmpdir(), 'sercom-'));
    sercom = spawn(process.execPath, [SERCOM, ...(await commandLine(folder)), '--web'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    url = await addressOf(sercom);
  }, 60_000);
  afterAll(async () => {
    if (sercom !== undefined) {
      const ended = once(sercom, 'close');
      sercom.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  });
  return {
    get url() {
      return url;
    },
  };
}

/** Waits until `sercom` says where its page is. */
function addressOf({ stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stderr!.setEncoding('utf8');
    stderr!.on('data', (chunk: string) => {
      text += chunk;
      const [, url] = /^sercom: the page is at (http:\S+)$/m.exec(text) ?? [];
      if (url !== undefined) {
        resolve(url);
      }
    });
    stderr!.on('end', () => reject(new Error(`sercom has ended:\n${text}`)));
  });
}
