// Unplugging in every state of a link.
import { setTimeout as sleep } from 'node:timers/promises';
import { sendUntilFailure } from './links.mjs';
import { until, untilQuiet } from './wait.mjs';

/**
 * Plugs the device in, brings its link into a state, unplugs it, and tells what came of that.
 *
 * @param state.device - what the device does
 * @param state.receives - whether packets must have come before the unplug
 * @param state.sends - whether packets must have gone out, and more are under way, when it comes
 * @param state.isSlow - whether a handler is busy with a packet when it comes
 */
export async function unplugOnce(link, device, state, extraMs) {
  await device.plug();
  const connectedAfterMs = await until('it is connected', () => link.count('connected') > link.count('disconnected'));
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
    await until('packets come', () => link.packets > packets + (state.isSlow ? 0 : 50));
  }
  if (state.sends) {
    await until('packets go', () => link.serial.stats('board').packetsSent > packetsSent + 50);
  }
  await sleep(extraMs);

  const told = link.count('disconnected');
  const { paths } = device;
  const start = performance.now();
  device.unplug();
  const isGone = () => !device.paths.some((path) => paths.includes(path));
  await until('the kernel knows', isGone);
  // Told late or never is for the test to judge.
  await until('it is told', () => link.count('disconnected') > told, 2_000).catch(() => undefined);
  const sendErrors = await Promise.race([sending, sleep(2_000, ['never settled'])]);
  const quietAfterMs = await untilQuiet(5_000);
  link.handler = () => {};
  release();
  const events = link.events.filter(({ event }) => event === 'disconnected').slice(told);
  return {
    told: events.map(({ what }) => what),
    connectedAfterMs: Math.round(connectedAfterMs),
    afterMs: Math.round((events[0]?.at ?? Number.NaN) - start),
    sendErrors,
    quietAfterMs,
    connectionState: link.serial.connectionState('board'),
  };
}
