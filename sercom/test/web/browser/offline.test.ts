import { describe, expect, test } from 'vitest';
import { hasChromium, useBrowser } from './support/browser-rig.js';
import { isDrawn } from './support/plots.js';
import { curves, recording } from './support/recordings.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => ['replay', await recording(curves(), folder), '--decode', 'json', '-q']);

describe.skipIf(!hasChromium)('without a network (needs chromium)', () => {
  test('everything comes from the server of the page', async () => {
    const { host } = new URL(server.url);
    const requests: string[] = [];
    const live = await rig.open(server, {
      state: `&plot=${encodeURIComponent('["arm","count"]')}`,
      async prepare(context) {
        // Whatever is not of the page's server fails, as it would without a network.
        await context.route(
          (url) => url.host !== host,
          (route) => route.abort(),
        );
        context.on('request', (request) => requests.push(new URL(request.url()).pathname));
      },
    });
    await live.isOver();
    for (const view of ['Plots', 'Kinds', 'Connections', 'Packets'] as const) {
      await live.show(view);
    }
    await live.show('Plots');
    await isDrawn(live, 101);
    await live.download(() => live.button('All as PNG').click());
    await live.press('?');
    // The rig checks that there were no others.
    const expected = ['/', '/page.css', '/page.js', '/api/feed', '/api/view', '/api/plot'];
    expect(new Set(requests.filter((path) => path !== '/api/rows'))).toEqual(new Set(expected));
  });

  test('the token is in no address that is sent', async () => {
    const token = new URL(server.url).hash.slice('#token='.length);
    const sent: { url: string; headers: Record<string, string> }[] = [];
    const live = await rig.open(server, {
      prepare: (context) =>
        context.on('request', (request) => {
          // Playwright shows the fragment, which browsers do not send.
          sent.push({ url: request.url().replace(/#.*/, ''), headers: request.headers() });
        }),
    });
    await live.isOver();
    expect(sent.filter(({ url }) => url.includes(token))).toEqual([]);
    const api = sent.filter(({ url }) => url.includes('/api/'));
    expect(api.length).toBeGreaterThan(0);
    expect(new Set(api.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${token}`]));
    expect(sent.filter(({ headers }) => (headers.referer ?? headers.cookie ?? '') !== '')).toEqual([]);
    // Nor is it kept where other pages, or a later user of the browser, could find it.
    const kept = await live.page.evaluate(async () => [
      document.cookie,
      JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }),
      String((await indexedDB.databases()).length),
    ]);
    expect(kept).toEqual(['', '{}', '{}', '0']);
  });
});
