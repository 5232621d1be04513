// A user of group dialout waits for a device, as users do: the kernel gives a new node to root alone, and udev, a while
// later, lets the group in and makes the name in /dev/serial/by-id.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Gadget } from './lib/gadget.mjs';
import { tell } from './lib/host.mjs';
import { until } from './lib/wait.mjs';

const DIALOUT = 20;
const LIMIT_MS = 15_000;
const FAR_AWAY = { minDelayMs: 60_000, maxDelayMs: 60_000 };
const TARGETS = {
  path: { target: { path: '/dev/ttyACM0' }, rounds: 3 },
  byId: { target: { path: '/dev/serial/by-id/usb-Bench_0043_GADGET42-if00' }, rounds: 2 },
  device: { target: { device: { serialNumber: 'GADGET42' } }, rounds: 2 },
};

const gadget = new Gadget('GADGET42');
const user = fork('guest/lib/waiting-user.mjs', { uid: 1_000, gid: DIALOUT });
const told = { ready: 0, connected: 0, disconnected: 0 };
user.on('message', (event) => {
  told[event]++;
});

/** How long after the device has come the user is connected, in milliseconds; null if not within the limit. */
async function come() {
  const { connected } = told;
  await gadget.plug();
  const ms = await until('it is connected', () => told.connected > connected, LIMIT_MS).catch(() => null);
  gadget.unplug();
  await until('the user is told', () => told.disconnected === told.connected);
  await until('it is gone', () => gadget.paths.length === 0);
  return ms && Math.round(ms);
}

const times = {};
for (const [name, { target, rounds }] of Object.entries(TARGETS)) {
  const { ready } = told;
  user.send({ ...target, reconnect: FAR_AWAY });
  await until('the user waits', () => told.ready > ready);
  times[name] = [];
  for (let round = 0; round < rounds; round++) {
    times[name].push(await come());
    tell('times', times);
  }
}
user.disconnect();
await once(user, 'exit');
