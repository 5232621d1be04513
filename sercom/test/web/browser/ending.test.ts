import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { servePage } from '../../support/page-client.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { lowContrasts } from './support/contrast.js';
import { numbered, recording } from './support/recordings.js';

const rig = useBrowser();

describe.skipIf(!hasChromium)('when sercom ends (needs chromium)', () => {
  test('the page says so, and keeps what it shows', async () => {
    const { process: sercom, url } = await servePage('monitor', 'arm=sim:', '-q');
    const page = await rig.open({ url });
    await page.isConnected();
    await until(async () => expect((await page.rows()).length).toBeGreaterThan(1));
    sercom.child.kill('SIGINT');
    expect((await sercom.outcome()).code).toBe(0);
    await page.page.getByRole('alert').getByText('■ sercom has ended').waitFor();
    await page.says('■ sercom has ended');
    await page.button('Reconnect').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.page.emulateMedia({ colorScheme });
      expect(await lowContrasts(page), colorScheme).toEqual([]);
    }
    await page.says(/^at the end: (1 connected|1 of 1 not connected)$/);
    expect((await page.rows()).length).toBeGreaterThan(1);
    await page.show('Connections');
    const card = page.page.locator('.card');
    await card.getByText(/^at the end: (not )?connected$/).waitFor();
    // What it counted stays, but not how fast.
    await card
      .getByText(/^\d[\d,]* packets?, /)
      .first()
      .waitFor();
    expect(await card.getByText(/packets\/s|B\/s/).count()).toBe(0);
  });

  test('a fault of the page itself is told as one, and the page goes on', async () => {
    const { url } = await servePage('monitor', 'arm=sim:', '-q');
    const page = await rig.open({ url }, { faults: ['a promise failed', 'a callback failed'] });
    await page.isConnected();
    for (const [cause, text] of [
      [
        () => setTimeout(() => Promise.reject(new Error('a promise failed'))),
        /^✖ this page has a fault \(.*a promise failed\); reload/,
      ],
      [
        () =>
          setTimeout(() => {
            throw new Error('a callback failed');
          }),
        /^✖ this page has a fault \(.*a callback failed\); reload/,
      ],
    ] as const) {
      await page.page.evaluate(cause);
      await page.message.getByText(text).waitFor();
    }
    const before = (await page.rows()).length;
    await until(async () => expect((await page.rows()).length).toBeGreaterThan(before));
  });

  test('without a word, the page tries again, and goes on when it is there again', async () => {
    const token = ['--web-token-file', path.join(await temporaryFolder(), 'token')];
    const { process, url, port } = await servePage('monitor', 'arm=sim:', '-q', ...token);
    const page = await rig.open({ url });
    await page.isConnected();
    process.child.kill('SIGKILL');
    await process.outcome();
    await page.page.getByRole('alert').getByText('▲ no connection to sercom; trying again').waitFor();
    expect(await page.button('Reconnect').isVisible()).toBe(false);
    await page.says(/^last seen: 1 connected$/);
    await page.show('Connections');
    await page.page.locator('.card').getByText('last seen: connected').waitFor();
    await page.show('Packets');
    await servePage('replay', await recording(numbered(20)), '-q', ...token, '--web-listen', String(port));
    await page.says('20 rows');
    await page.says(/^\d connections?$/);
    await page.page.getByRole('alert').waitFor({ state: 'hidden' });
  });

  test('without a word, the page gives up after a minute, and goes on when it is told to', async () => {
    const token = ['--web-token-file', path.join(await temporaryFolder(), 'token')];
    const { process, url, port } = await servePage('monitor', 'arm=sim:', '-q', ...token);
    const page = await rig.open({ url }, { prepare: (context) => context.clock.install() });
    await page.isConnected();
    process.child.kill('SIGKILL');
    await process.outcome();
    await page.page.getByRole('alert').getByText('▲ no connection to sercom; trying again').waitFor();
    await until(async () => {
      await page.page.clock.fastForward(5_000);
      expect(await page.button('Reconnect').isVisible()).toBe(true);
    });
    await page.page
      .getByRole('alert')
      .getByText(/^▲ no connection to sercom$/)
      .waitFor();
    await servePage('replay', await recording(numbered(20)), '-q', ...token, '--web-listen', String(port));
    await page.button('Reconnect').click();
    await page.says('20 rows');
    await page.page.getByRole('alert').waitFor({ state: 'hidden' });
  });

  test('and is started again with the same address, the page goes on with what is new on request', async () => {
    const folder = await temporaryFolder();
    const token = ['--web-token-file', path.join(folder, 'token')];
    const first = await servePage('replay', await recording(numbered(100), folder), '-q', ...token);
    const page = await rig.open(first);
    await page.isOver();
    await page.press('Home');
    await page.detail.waitFor();
    await page.show('Plots');
    first.process.child.kill('SIGINT');
    await first.process.outcome();
    await page.page.getByRole('alert').waitFor();
    await servePage(
      'replay',
      await recording(numbered(30), folder),
      '-q',
      ...token,
      '--web-listen',
      String(first.port),
    );
    await page.button('Reconnect').click();
    await page.says('30 rows');
    await page.page.getByRole('alert').waitFor({ state: 'hidden' });
    await page.show('Packets');
    // What was selected is of the run before.
    await page.detail.waitFor({ state: 'hidden' });
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 29"'));
  });

  test('its token is sent to nobody who listens there next, until the user says so', async () => {
    const { process, url, port, token } = await servePage('monitor', 'arm=sim:', '-q');
    const page = await rig.open({ url });
    await page.isConnected();
    await until(async () => expect((await page.rows()).length).toBeGreaterThan(1));
    process.child.kill('SIGINT');
    await process.outcome();
    await page.button('Reconnect').waitFor();
    const thief = await listenAt(port);
    // What would ask for something: rows, a packet, a filter, a search, a file, a tab that was away.
    await page.table.focus();
    await page.press('Home');
    await page.detail.getByText('✖ no connection to sercom').waitFor();
    await page.field('Find').fill('7');
    await page.press('Enter');
    await page.page.getByRole('search').getByText('✖ no connection to sercom').waitFor();
    await page.field('Filter').fill('dir=tx');
    await page.press('Enter');
    await page.press('Escape');
    await page.press('m');
    await page.show('Plots');
    await page.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.press('s');
    const dialog = page.page.getByRole('dialog', { name: 'Save what is held' });
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.getByText('✖ Cannot save: no connection to sercom').waitFor();
    await page.press('Escape');
    expect(thief.heard).toEqual([]);
    await page.button('Reconnect').click();
    await until(() => expect(thief.heard).toContain(`Bearer ${token}`));
  });

  test('a recording that is over stays', async () => {
    const page = await rig.open(await servePage('replay', await recording(numbered(50)), '-q'));
    await page.isOver();
    await page.field('Filter').fill('name=leg');
    await page.press('Enter');
    await page.page.getByText('25 of 50 rows').waitFor();
    expect(await page.page.getByRole('alert').isVisible()).toBe(false);
  });
});

/** A program of somebody else, and the headers with tokens that it got. */
async function listenAt(port: number): Promise<{ readonly heard: readonly (string | undefined)[] }> {
  const heard: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    heard.push(request.headers.authorization);
    response.writeHead(500).end();
  });
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { heard };
}
