import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { openIdDevice } from '../../support/id-device.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import type { LivePage } from './support/live-page.js';

const rig = useBrowser();

function packet(page: LivePage) {
  return page.page.getByRole('textbox', { name: 'Packet to send', exact: true });
}

/** Opens the panel, and chooses the format of packets. */
async function openPanel(page: LivePage, format: 'hex' | 'text' | 'JSON'): Promise<void> {
  await page.isConnected();
  await page.button('Send').first().click();
  await page.page.getByRole('combobox', { name: 'Format' }).selectOption(format);
}

/** Writes a packet and sends it, and waits for what becomes of it. */
async function send(page: LivePage, text: string, outcome: string | RegExp): Promise<void> {
  await packet(page).fill(text);
  await page.press('Enter');
  await page.page.getByRole('log').getByText(outcome).last().waitFor();
  expect(await packet(page).inputValue()).toBe('');
}

describe.skipIf(!hasChromium)('sending (needs chromium)', () => {
  test('as hex, text and JSON', async () => {
    const page = await rig.open(
      await servePage('monitor', 'arm=sim:', '--allow-send', '--input', 'text', '--encode', 'msgpack', '-q'),
    );
    await openPanel(page, 'hex');
    await send(page, '01 02 ff', 'sent');
    await openPanel(page, 'text');
    await send(page, 'hi <b>☺</b>', 'sent');
    await openPanel(page, 'JSON');
    await send(page, '{"led": true}', 'sent');
    // The simulated board echoes.
    const hexes = ['01 02 ff', '68 69 20 3c 62 3e e2 98 ba 3c 2f 62 3e', '81 a3 6c 65 64 c3'];
    await until(async () => {
      const rows = (await page.rows()).map(({ Dir, Hex }) => `${Dir} ${Hex}`);
      expect([...rows].sort()).toEqual(hexes.flatMap((hex) => [`rx ${hex}`, `tx ${hex}`]).sort());
    });
    const outcomes = await page.page.getByRole('log').getByRole('listitem').allInnerTexts();
    expect(outcomes.map((text) => text.replace(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/✔ arm ?01 02 ff ?sent$/),
      expect.stringMatching(/✔ arm ?hi <b>☺<\/b> ?sent$/),
      expect.stringMatching(/✔ arm ?\{"led": true\} ?sent$/),
    ]);
  });

  test('says what is wrong with a packet', async () => {
    const page = await rig.open(await servePage('monitor', 'arm=sim:', '--allow-send', '--input', 'text', '-q'));
    await openPanel(page, 'hex');
    await send(page, '0', /^invalid hex "0"; expected pairs/);
    await openPanel(page, 'JSON');
    await send(page, '{led}', /^invalid JSON/);
    expect(await page.page.getByRole('log').getByText('✖').count()).toBe(2);
  });

  test('keeps a history for the arrow keys, with what is being written', async () => {
    const page = await rig.open(await servePage('monitor', 'arm=sim:', '--allow-send', '--input', 'text', '-q'));
    await openPanel(page, 'text');
    await send(page, 'first', 'sent');
    await openPanel(page, 'hex');
    await send(page, '02', 'sent');
    await packet(page).fill('03 0');
    const goes = async (key: string, text: string, format: string) => {
      await page.press(key);
      await until(async () => expect(await packet(page).inputValue()).toBe(text));
      expect(await page.page.getByRole('combobox', { name: 'Format' }).inputValue()).toBe(format);
    };
    await goes('ArrowUp', '02', 'hex');
    await goes('ArrowUp', 'first', 'text');
    await goes('ArrowUp', 'first', 'text');
    await goes('ArrowDown', '02', 'hex');
    await goes('ArrowDown', '03 0', 'hex');
    // Text of several lines is edited with the arrow keys.
    await openPanel(page, 'text');
    await packet(page).fill('a');
    await page.press('Shift+Enter');
    await page.page.keyboard.type('b');
    await page.press('ArrowUp');
    expect(await packet(page).inputValue()).toBe('a\nb');
  });

  test('goes to the connection that is chosen', async () => {
    const page = await rig.open(
      await servePage('monitor', 'arm=sim:', 'leg=sim:', '--allow-send', '--input', 'text', '--to', 'arm', '-q'),
    );
    await page.isConnected(2);
    await page.button('Send').first().click();
    await page.page.getByRole('combobox', { name: 'Format' }).selectOption('text');
    await page.page.getByRole('combobox', { name: 'Connection' }).selectOption('leg');
    await send(page, 'hello', 'sent');
    await until(async () =>
      expect((await page.rows()).map(({ Name, Dir, Text }) => `${Name} ${Dir} ${Text}`)).toEqual([
        'leg tx "hello"',
        'leg rx "hello"',
      ]),
    );
  });

  test('is refused without --allow-send, and the page says what to do', async () => {
    const page = await rig.open(await servePage('monitor', 'arm=sim:', '-q'));
    await page.isConnected();
    expect(await page.button('Send').count()).toBe(0);
    await page.press(':');
    await page.page.getByText('Sending is not allowed. Start sercom monitor with --allow-send').waitFor();
    expect(await packet(page).count()).toBe(0);
    await page.press('m');
    await page.message.getByText(/--allow-send/).waitFor();
  });
});

describe.skipIf(!hasChromium || !has('socat'))('requests (need chromium and socat)', () => {
  test('are shown with their replies, their errors, or the lack of a reply', async () => {
    // 80 is the id of an error reply; a request with 3 is not answered.
    const device = await openIdDevice(([id, first]) => {
      const replies: Record<number, number[]> = { 1: [id!, 0x6f, 0x6b], 2: [0x80, id!, 2] };
      return [replies[first!]].filter((reply) => reply !== undefined);
    });
    const options = ['--allow-send', '--request-ids', '1', '-q'];
    const page = await rig.open(await servePage('monitor', `arm=${device.path}`, ...options));
    await openPanel(page, 'hex');
    await page.page.getByRole('checkbox', { name: 'wait for a reply' }).check();
    await page.page.getByRole('spinbutton', { name: 'Wait for the reply, in milliseconds' }).fill('20000');
    await send(page, '01', /^reply after [\d.]+ (?:µs|ms|s): 6f 6b {2}"ok"$/);
    await send(page, '02', '"arm" answered with error 2: there is no handler');
    await page.page.getByRole('spinbutton', { name: 'Wait for the reply, in milliseconds' }).fill('50');
    await send(page, '03', /^no reply from "arm" within 0\.05 seconds/);
    await until(async () =>
      expect((await page.rows()).map(({ Dir, Id }) => `${Dir} ${Id}`.replace(/\d+/, 'N'))).toEqual([
        'tx request N',
        'rx reply N',
        'tx request N',
        'rx error N',
        'tx request N',
      ]),
    );
  });
});
