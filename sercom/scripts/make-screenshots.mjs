// Makes docs/web-light.png and docs/web-dark.png, pictures of the live page, from a real run on ports of a simulated robot:
// node scripts/make-screenshots.mjs [FOLDER]. With `--all FOLDER`, makes pictures of everything else as well, to look at;
// with `--only TEXT`, of those whose names match.
// Run the build first. Needs python3 for the ports, and chromium.
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchChromium } from '../test/support/chromium.mjs';
import { PictureBook } from './screenshots/picture-book.mjs';
import { RobotBench } from './screenshots/robot-bench.mjs';
import {
  EMPTY,
  LARGE_VALUE,
  NARROW,
  PLOTS_SCENE,
  RECORDED,
  REQUESTS,
  SCENES,
  TROUBLE,
  WIDE,
} from './screenshots/scenes.mjs';
import { SercomPage } from './screenshots/sercom-page.mjs';

/** Until the robot has done enough. */
const RUN_MS = 33_000;
const LOG = 'robot.log';

const THEMES = ['light', 'dark'];
const PORTS = ['arm=ttyACM0', 'gripper=ttyACM1', '--decode', 'cbor', '--lead', '5'];

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const {
  values: { all, only },
  positionals: [folder = docs],
} = parseArgs({ options: { all: { type: 'string' }, only: { type: 'string' } }, allowPositionals: true });

const browser = await launchChromium();
try {
  await withBench(async (bench) => {
    await withPage(bench, ['monitor', ...PORTS, '--allow-send', '--log', LOG], async (url) => {
      bench.start();
      await delay(RUN_MS);
      const published = new PictureBook(browser, folder);
      for (const theme of THEMES) {
        await published.take(`web-${theme}`, { ...PLOTS_SCENE, url, theme });
      }
      if (all !== undefined) {
        await takeLive(url);
      }
    });
    if (all !== undefined) {
      await withPage(bench, ['replay', LOG, '--decode', 'cbor'], (url) => takeEach('replay', RECORDED, { url }));
    }
  });
  if (all !== undefined) {
    await withBench(takeTrouble);
  }
} finally {
  await browser.close();
}

async function takeLive(url) {
  for (const theme of THEMES) {
    await takeEach(theme, SCENES, { url, theme });
  }
  await takeEach('narrow', NARROW, { url, size: [420, 800] });
  await takeEach('wide', WIDE, { url, size: [1800, 1000], theme: 'dark' });
}

async function takeTrouble(bench) {
  await withPage(bench, ['monitor', ...PORTS], async (url) => {
    await takeEach('empty', EMPTY, { url });
    await bench.say({ hello: 'arm' });
    await bench.say(LARGE_VALUE);
    await delay(500);
    await bench.unplugGripper();
    await takeEach('trouble', TROUBLE, { url });
    await takeEach('trouble-narrow', TROUBLE, { url, size: [420, 800], theme: 'dark' });
  });
  await withPage(bench, ['monitor', 'uno=sim:', '--request-ids', '1', '--allow-send'], (url) =>
    takeEach('requests', REQUESTS, { url }),
  );
}

/** Makes pictures to look at. */
async function takeEach(prefix, scenes, options) {
  const book = new PictureBook(browser, all);
  for (const [name, scene] of Object.entries(scenes)) {
    const file = `${prefix}-${name}`;
    if (only === undefined || new RegExp(only).test(file)) {
      await book.take(file, { ...scene, ...options });
    }
  }
}

async function withBench(use) {
  const bench = await RobotBench.open();
  try {
    await use(bench);
  } finally {
    await bench.close();
  }
}

async function withPage(bench, commandLine, use) {
  const sercom = await SercomPage.start(bench.folder, ...commandLine);
  try {
    await use(sercom.url);
  } finally {
    await sercom.end();
  }
}
