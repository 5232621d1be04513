import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { servedBy } from '../../support/page-client.js';
import { RunningProcess, SERCOM } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';

const rig = useBrowser();

describe.skipIf(!hasChromium || process.platform !== 'linux')('--open (needs chromium and Linux)', () => {
  test('leads the browser to the page, with its token', async () => {
    const folder = await temporaryFolder();
    const opener = path.join(folder, 'xdg-open');
    // Keeps what it is to open, for the browser of the test.
    await writeFile(opener, '#!/bin/sh\nprintf %s "$*" > "$OPENED.part" && mv "$OPENED.part" "$OPENED"\n');
    await chmod(opener, 0o755);
    const opened = path.join(folder, 'opened');
    const sercom = new RunningProcess(process.execPath, [SERCOM, 'monitor', 'arm=sim:', '-q', '--web', '--open'], {
      PATH: `${folder}:/bin`,
      OPENED: opened,
    });
    const served = await servedBy(sercom);
    const file = await until(() => readFile(opened, 'utf8'));
    expect(file).toMatch(/^file:\/\/\/.*\.html$/);
    const page = await rig.open(served, { url: file });
    await page.isConnected();
    expect(page.page.url().startsWith(served.url)).toBe(true);
    await page.hasRows();
  });
});
