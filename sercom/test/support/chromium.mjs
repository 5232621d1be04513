// Debian's chromium, for tests, screenshots and benchmarks.

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

export async function launchChromium() {
  // Only here, so that whoever asks for the path does not load it.
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: 60_000 });
}

/** Waits until `sercom` says where its page is. */
export function pageOf({ stderr }) {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk) => {
      text += chunk;
      const [, url] = /^sercom: the page is at (http:\S+)$/m.exec(text) ?? [];
      if (url !== undefined) {
        stderr.off('data', take);
        // What else it says is of no interest, but must not fill the pipe.
        stderr.resume();
        resolve(url);
      }
    };
    stderr.setEncoding('utf8');
    stderr.on('data', take);
    stderr.once('end', () => reject(new Error(`sercom has ended:\n${text}`)));
  });
}
