// Does sercom work with real devices: ports by identity, the only USB port, and list --watch?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Gadget } from './lib/gadget.mjs';
import { report } from './lib/host.mjs';
import { until } from './lib/wait.mjs';

const SERCOM = 'node_modules/sercom/bin/sercom.js';

/** A running `sercom` and its output. */
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
  await until('the ports are listed', () => list.out.includes('ttyS0'));
  await gadget.plug();
  await until('the new device is reported', () => list.out.includes('"added"'));
  gadget.unplug();
  await until('its removal is reported', () => list.out.includes('"removed"'));
  report('watched', await list.interrupt());
}

{
  await gadget.plug();
  gadget.behave('trickle');
  const monitor = sercom('monitor', 'arm=usb:2341:0043:GADGET42', '--json');
  await until('packets arrive', () => monitor.out.includes('"rx"'));
  gadget.unplug();
  await until('the disconnect is reported', () => monitor.err.split('\n').length > 1);
  await gadget.plug();
  gadget.behave('trickle');
  await until('the reconnect is reported', () => monitor.err.split('\n').length > 2);
  // Packets from before the disconnect may appear on stdout after it was reported on stderr.
  const before = monitor.out.length;
  await until('packets arrive again', () => monitor.out.length > before + 1_000);
  const { code, out, err } = await monitor.interrupt();
  report('monitored', {
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
  await until('packets arrive', () => monitor.out.includes('rx'));
  report('unnamed', await monitor.interrupt());
}

report('none', await sercom('monitor', 'usb:2341:0099').ended());
