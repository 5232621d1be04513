// Unplugs a device in a given state of its link.
import { setTimeout as sleep } from 'node:timers/promises';
import { sendUntilFailure } from './links.mjs';
import { until, untilIdle } from './wait.mjs';

/**
 * Plugs the device in, brings its link into a state, and unplugs it. Returns what happened.
 *
 * @param state.device - behavior of the device
 * @param state.receives - wait for received packets before the unplug
 * @param state.sends - wait for sent packets before the unplug, and have more in progress
 * @param state.isSlow - have a busy receive handler at the unplug
 */
export async function unplugOnce(link, device, state, extraMs) {
  await device.plug();
  const connectedAfterMs = await until(
    'the link is connected',
    () => link.count('connected') > link.count('disconnected'),
  );
  device.behave(state.device);
  let release = () => {};
  if (state.isSlow) {
    link.handler = () =>
      new Promise((resolve) => {
        release = resolve;
      });
  }
  const sending = state.sends ? sendUntilFailure(link.serial) : Promise.resolve([]);
  const { packets } = link;
  const { packetsSent } = link.serial.stats('board');
  if (state.receives) {
    await until('packets arrive', () => link.packets > packets + (state.isSlow ? 0 : 50));
  }
  if (state.sends) {
    await until('packets are sent', () => link.serial.stats('board').packetsSent > packetsSent + 50);
  }
  await sleep(extraMs);

  const disconnects = link.count('disconnected');
  const { paths } = device;
  const start = performance.now();
  device.unplug();
  const isGone = () => !device.paths.some((path) => paths.includes(path));
  await until('the kernel removes the port', isGone);
  // If it is late or missing, the test fails.
  await until('the disconnect is reported', () => link.count('disconnected') > disconnects, 2_000).catch(
    () => undefined,
  );
  const sendErrors = await Promise.race([sending, sleep(2_000, ['never settled'])]);
  const idleAfterMs = await untilIdle(5_000);
  link.handler = () => {};
  release();
  const events = link.events.filter(({ event }) => event === 'disconnected').slice(disconnects);
  return {
    reported: events.map(({ what }) => what),
    connectedAfterMs: Math.round(connectedAfterMs),
    afterMs: Math.round((events[0]?.at ?? Number.NaN) - start),
    sendErrors,
    idleAfterMs,
    connectionState: link.serial.connectionState('board'),
  };
}
