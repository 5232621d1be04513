// What is shown in each picture, and what is done before.
import { setTimeout as delay } from 'node:timers/promises';

const ARM = 'arm';
const GRIPPER = 'gripper';

/** Three plots of two devices, with six series. */
const PLOTS = [
  [ARM, 'imu.accel[0]', ARM, 'imu.accel[1]', ARM, 'imu.accel[2]'],
  [ARM, 'joints[0]', ARM, 'joints[1]', ARM, 'joints[2]'],
  [GRIPPER, 'grip.force', ARM, 'temp'],
];

/** Pages draw once per answer, some times a second. */
const SETTLE_MS = 700;

const settle = () => delay(SETTLE_MS);

/** Plots of both devices, with the values at the cursor. */
export const PLOTS_SCENE = {
  state: { view: 'plots', last: '30' },
  plots: PLOTS,
  act: async (page) => {
    await page.locator('.legend tbody tr').nth(7).waitFor();
    await settle();
    await hover(page, 1, 0.64, 0.5);
    await settle();
  },
};

export const SCENES = {
  plots: PLOTS_SCENE,
  'plots-one': {
    state: { view: 'plots', last: '30' },
    plots: [PLOTS[0].concat(PLOTS[1], PLOTS[2])],
    act: async (page) => {
      await settle();
      await hover(page, 0, 0.4, 0.5);
      await settle();
    },
  },
  'plots-empty': { state: { view: 'plots' }, act: settle },
  packets: { act: selectUnplugged },
  'packets-live': { act: settle },
  'packets-filter': {
    state: { filter: 'name=gripper,length>4' },
    act: async (page) => {
      await settle();
      await page.keyboard.press('/');
      await page.keyboard.type('grip');
      await page.keyboard.press('Enter');
      await settle();
    },
  },
  'packets-wrong-filter': {
    act: async (page) => {
      await page.keyboard.press('f');
      await page.keyboard.type('nme=arm');
      await page.keyboard.press('Enter');
      await settle();
    },
  },
  kinds: { state: { view: 'kinds' }, act: settle },
  connections: { state: { view: 'connections' }, act: () => delay(6_000) },
  send: { act: sendSome },
  save: {
    act: async (page) => {
      await page.keyboard.press('s');
      await settle();
    },
  },
  help: {
    act: async (page) => {
      await page.keyboard.press('?');
      await settle();
    },
  },
};

export const NARROW = {
  packets: { act: selectUnplugged },
  plots: { ...PLOTS_SCENE, act: settle },
  kinds: SCENES.kinds,
  connections: { state: { view: 'connections' }, act: settle },
  send: SCENES.send,
  help: SCENES.help,
};

/** A window on a large screen. */
export const WIDE = {
  packets: { act: selectUnplugged },
  plots: PLOTS_SCENE,
  kinds: SCENES.kinds,
};

/** Before anything was received. */
export const EMPTY = {
  packets: {},
  plots: { state: { view: 'plots' } },
  kinds: { state: { view: 'kinds' } },
  'send-refused': { act: (page) => page.keyboard.press(':') },
};

/** A packet that is large in every way, and a port that is lost. */
export const TROUBLE = {
  packet: {
    act: async (page) => {
      await page.getByRole('grid', { name: 'Packets' }).focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowUp');
      await settle();
    },
  },
  connections: { state: { view: 'connections' }, act: settle },
  plots: { state: { view: 'plots' }, plots: [[ARM, 'pose.joints[0].limits.max', ARM, 'not there']], act: settle },
};

/** What a device sends that is not made for a page. */
export const LARGE_VALUE = {
  pose: {
    joints: Array.from({ length: 6 }, (_, index) => ({
      name: `joint ${index}`,
      angle: index * 7.5,
      limits: { min: -90, max: 90 + index },
    })),
  },
  note: 'calibrated by hand after the wrist was replaced; '.repeat(6),
  serial: '0123456789abcdef'.repeat(12),
  'a key with spaces and quite a length, as nobody would expect it to be': true,
  raw: Array.from({ length: 24 }, (_, index) => index * 1_000_003),
};

/** A recording. */
export const RECORDED = {
  packets: TROUBLE.packet,
  plots: { state: { view: 'plots' }, plots: PLOTS, act: settle },
  connections: { state: { view: 'connections' }, act: settle },
};

/** Requests and their replies. */
export const REQUESTS = {
  send: {
    act: async (page) => {
      await page.keyboard.press(':');
      await page.getByRole('checkbox', { name: 'wait for a reply' }).check();
      for (const text of ['01 02 ff', '10 00 00 00 2a', '0']) {
        await page.locator('.send-form textarea').fill(text);
        await page.locator('.send-form textarea').press('Enter');
        await settle();
      }
    },
  },
};

/** Goes to the moment when the gripper came back, and selects a packet of it. */
async function selectUnplugged(page) {
  await page.keyboard.press('/');
  await page.keyboard.type('disconnected');
  await page.keyboard.press('Shift+Enter');
  await settle();
  await page.getByRole('grid', { name: 'Packets' }).focus();
  for (let row = 0; row < 4; row++) {
    await page.keyboard.press('ArrowDown');
  }
  await settle();
}

async function sendSome(page) {
  await page.keyboard.press(':');
  const format = page.getByRole('combobox', { name: 'Format' });
  await format.selectOption('json');
  for (const text of ['{"move": [30, 45, -10]}', '{"grip": 14}', '{"led": tru']) {
    await page.keyboard.press('Control+a');
    await page.locator('.send-form textarea').fill(text);
    await page.keyboard.press('Enter');
    await settle();
  }
}

/** Moves the mouse over a plot, to shares of its width and height. */
async function hover(page, plot, x, y) {
  const area = await page.locator('section.plot .chart-overlay').nth(plot).boundingBox();
  await page.mouse.move(area.x + x * area.width, area.y + y * area.height, { steps: 4 });
}
