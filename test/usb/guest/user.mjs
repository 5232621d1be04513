// Does a user in the group dialout connect as soon as udev permits it? The kernel creates a device node for root only. A
// little later, udev gives the group access and creates the name in /dev/serial/by-id.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Gadget } from './lib/gadget.mjs';
import { report } from './lib/host.mjs';
import { until } from './lib/wait.mjs';

const DIALOUT = 20;
const LIMIT_MS = 15_000;
const RARE_ATTEMPTS = { minDelayMs: 60_000, maxDelayMs: 60_000 };
const TARGETS = {
  path: { target: { path: '/dev/ttyACM0' }, rounds: 3 },
  byId: { target: { path: '/dev/serial/by-id/usb-Bench_0043_GADGET42-if00' }, rounds: 2 },
  device: { target: { device: { serialNumber: 'GADGET42' } }, rounds: 2 },
};

const gadget = new Gadget('GADGET42');
const user = fork('guest/lib/waiting-user.mjs', { uid: 1_000, gid: DIALOUT });
const reported = { ready: 0, connected: 0, disconnected: 0 };
user.on('message', (event) => {
  reported[event]++;
});

/** Plugs the device in. Returns how long the user takes to connect, in milliseconds, or null if that exceeds the limit. */
async function plugIn() {
  const { connected } = reported;
  await gadget.plug();
  const ms = await until('the user is connected', () => reported.connected > connected, LIMIT_MS).catch(() => null);
  gadget.unplug();
  await until('the disconnect is reported to the user', () => reported.disconnected === reported.connected);
  await until('the device is gone', () => gadget.paths.length === 0);
  return ms && Math.round(ms);
}

const times = {};
for (const [name, { target, rounds }] of Object.entries(TARGETS)) {
  const { ready } = reported;
  user.send({ ...target, reconnect: RARE_ATTEMPTS });
  await until('the user waits', () => reported.ready > ready);
  times[name] = [];
  for (let round = 0; round < rounds; round++) {
    times[name].push(await plugIn());
    report('times', times);
  }
}
user.disconnect();
await once(user, 'exit');
