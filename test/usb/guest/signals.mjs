// Do the control lines work, on an adapter and on a gadget? A gadget raises DSR and DCD while its device end is open, and
// does not support break.
import { setTimeout as sleep } from 'node:timers/promises';
import { Adapter } from './lib/adapter.mjs';
import { Gadget } from './lib/gadget.mjs';
import { report } from './lib/host.mjs';
import { Watched } from './lib/links.mjs';
import { until } from './lib/wait.mjs';

const codeOf = (promise) =>
  promise.then(
    () => 'done',
    (error) => error.code,
  );

async function unplug(link, device) {
  device.unplug();
  await until('the disconnect is reported', () => link.count('disconnected') === 1);
  const codes = [
    await codeOf(link.serial.signals('board')),
    await codeOf(link.serial.setSignals('board', { dtr: true })),
  ];
  await link.serial.shutdown();
  return codes;
}

{
  const gadget = new Gadget('GADGET42');
  await gadget.plug();
  const link = new Watched({ path: gadget.paths[0], reconnect: false });
  await link.serial.initialize();
  const seen = [];
  for (const behaviour of ['readNothing', 'rest', 'read']) {
    gadget.behave(behaviour);
    const isOpen = behaviour !== 'rest';
    for (let tries = 0; tries < 500 && (await link.serial.signals('board')).dcd !== isOpen; tries++) {
      await sleep(20);
    }
    const { dsr, dcd } = await link.serial.signals('board');
    seen.push({ isOpen, dsr, dcd });
  }
  report('gadget', {
    seen,
    set: await codeOf(link.serial.setSignals('board', { dtr: false })),
    afterUnplug: await unplug(link, gadget),
  });
}

{
  const adapter = new Adapter();
  await adapter.plug();
  const link = new Watched({ path: adapter.paths[0], reconnect: false, dtr: false, rts: false });
  await link.serial.initialize();
  const set = [];
  for (const settings of [{ dtr: false, rts: true }, { rts: false, dtr: true }, { brk: true }, { brk: false }]) {
    set.push(await codeOf(link.serial.setSignals('board', settings)));
  }
  report('adapter', { set, afterUnplug: await unplug(link, adapter) });
}
