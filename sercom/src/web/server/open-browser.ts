import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { printMessage } from '../../terminal/message.js';

/** What opens the address of a file in the user's browser. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

const OTHER_OPENER = ['xdg-open'];

/** A browser that is being opened. */
export interface OpenedBrowser {
  /** Removes what the browser has read. */
  close(): Promise<void>;
}

/**
 * Opens an address in the user's browser. Others can see the arguments of a program, but must not see the token in the address,
 * so the browser gets the address of a file, which only the user can read, and which leads there. Reports on stderr if that
 * fails, and never rejects.
 */
export async function openBrowser(url: string): Promise<OpenedBrowser | undefined> {
  let redirection: Redirection;
  try {
    redirection = await writeRedirection(url);
  } catch (error) {
    failed((error as Error).message);
    return undefined;
  }
  const { file, close } = redirection;
  const [command = '', ...args] = OPENERS[process.platform] ?? OTHER_OPENER;
  const browser = spawn(command, [...args, pathToFileURL(file).href], { stdio: 'ignore', detached: true });
  browser.on('error', () => failed(`cannot run ${command}`));
  browser.on('exit', (code) => {
    if (code !== 0 && code !== null) {
      failed(`${command} has failed`);
    }
  });
  // It may be the browser itself, which stays open for hours.
  browser.unref();
  return { close };
}

function failed(why: string): void {
  printMessage(`--open: ${why}; open the address of the page in a browser yourself`);
}

interface Redirection extends OpenedBrowser {
  readonly file: string;
}

/** Writes a file that leads to an address. */
async function writeRedirection(url: string): Promise<Redirection> {
  // Only the user can enter the folder.
  const folder = await mkdtemp(path.join(tmpdir(), 'sercom-web-'));
  const file = path.join(folder, 'page.html');
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(file, redirect(url), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    await close();
    throw error;
  }
  return { file, close };
}

/** A page that leads to an address. Everything in that is safe in HTML: it is made of a host, a port and a token. */
function redirect(url: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${url}">
<title>sercom</title>
<p><a href="${url}">Open the page of sercom</a></p>
</html>
`;
}
