// Debian's chromium, for screenshots and benchmarks.
import { chromium } from 'playwright-core';

export const CHROMIUM = '/usr/bin/chromium';

/** As few processes and as little traffic of its own as possible; in containers, as root, without a screen. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export function launchChromium() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Waits until `sercom` says where its page is. */
export function pageOf({ stderr }) {
  return new Promise((resolve, reject) => {
    let text = '';
    stderr.setEncoding('utf8');
    stderr.on('data', (chunk) => {
      text += chunk;
      const [, url] = /^sercom: the page is at (http:\S+)$/m.exec(text) ?? [];
      if (url !== undefined) {
        resolve(url);
      }
    });
    stderr.on('end', () => reject(new Error(`sercom has ended:\n${text}`)));
  });
}
