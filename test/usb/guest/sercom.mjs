// The command with real devices: ports by identity, the only port there is, and a list that goes on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Gadget } from './lib/gadget.mjs';
import { tell } from './lib/host.mjs';
import { until } from './lib/wait.mjs';

const SERCOM = 'node_modules/sercom/bin/sercom.js';

/** A running `sercom`, and what it has printed. */
function sercom(...commandLine) {
  const child = spawn('node', [SERCOM, ...commandLine], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const running = {
    out: '',
    err: '',
    async ended() {
      const [code] = await closed;
      return { code, out: running.out.split('\n'), err: running.err.split('\n') };
    },
    /** Ctrl-C. */
    interrupt() {
      child.kill('SIGINT');
      return running.ended();
    },
  };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    running.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    running.err += text;
  });
  return running;
}

const gadget = new Gadget('GADGET42');

{
  const list = sercom('list', '--watch', '--json');
  await until('it has listed what is there', () => list.out.includes('ttyS0'));
  await gadget.plug();
  await until('it tells of the device', () => list.out.includes('"added"'));
  gadget.unplug();
  await until('it tells that it is gone', () => list.out.includes('"removed"'));
  tell('watched', await list.interrupt());
}

{
  await gadget.plug();
  gadget.behave('trickle');
  const monitor = sercom('monitor', 'arm=usb:2341:0043:GADGET42', '--json');
  await until('packets come', () => monitor.out.includes('"rx"'));
  gadget.unplug();
  await until('the loss is told', () => monitor.err.includes('lost'));
  await gadget.plug();
  gadget.behave('trickle');
  await until('it tells that the device is back', () => monitor.err.includes('is here'));
  // What came before the loss may come out of the other pipe only after it was told.
  const before = monitor.out.length;
  await until('packets come again', () => monitor.out.length > before + 1_000);
  const { code, out, err } = await monitor.interrupt();
  tell('monitored', {
    code,
    err,
    lines: out
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .slice(0, 3),
  });
}

{
  const monitor = sercom('monitor');
  await until('packets come', () => monitor.out.includes('rx'));
  tell('unnamed', await monitor.interrupt());
}

tell('none', await sercom('monitor', 'usb:2341:0099').ended());
