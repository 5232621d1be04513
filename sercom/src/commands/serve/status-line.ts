import { LiveFooter } from '../../session/live-footer.js';
import { bytes } from '../../session/traffic.js';
import { decimal } from '../../sinks/statistics.js';
import type { Output } from '../../terminal/output.js';
import { count } from '../../text/count.js';
import type { Hub } from './hub.js';
import type { SharedPort } from './shared-port.js';
import { lostOf } from './traffic.js';

/** Shows rates and clients in the last line of the terminal, until it is closed. Without a terminal, it shows nothing. */
export function showStatus(output: Output, hub: Hub, port: SharedPort): LiveFooter {
  const measured = () => {
    const { traffic } = hub;
    return { ...traffic, atMs: performance.now(), received: port.stats.bytesRead, lost: lostOf(traffic) };
  };
  let before = measured();
  let line = '';
  const measure = () => {
    const now = measured();
    const seconds = (now.atMs - before.atMs) / 1_000;
    const rate = (value: number) => bytes(value / seconds);
    line = [
      count(hub.clients.size, 'client'),
      `from the device ${rate(now.received - before.received)}/s`,
      `to the device ${rate(now.bytesToPort - before.bytesToPort)}/s`,
      ...(hub.isFramed ? [`${decimal((now.framesToPort - before.framesToPort) / seconds)} frames/s`] : []),
      ...(now.lost > 0 ? [`${now.lost} lost`] : []),
      ...(port.isConnected ? [] : ['disconnected']),
    ].join('  ');
    before = now;
  };
  return new LiveFooter(output, () => ({ lines: [[[line]]] }), measure);
}
