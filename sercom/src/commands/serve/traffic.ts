import { count } from '../../text/count.js';

/** Why frames, or bytes if there are no frames, did not get through, in the words and the order of the summary. */
const REASONS = {
  tooSlow: 'lost by slow clients',
  tooLong: 'too long',
  unfinishedBytes: 'of an unfinished frame',
  readOnly: 'discarded (--read-only)',
  listening: 'discarded (not the client that can send)',
  disconnected: 'discarded while the port was disconnected',
  purged: 'purged',
  abandoned: 'dropped after their clients had left',
  portLost: 'lost with the port',
} as const;

/** How much did not get through, by the reason. */
export type ClientLosses = Record<keyof typeof REASONS, number>;

/** What clients have exchanged with the device. */
export interface Traffic extends ClientLosses {
  framesToPort: number;
  bytesToPort: number;
  framesFromDevice: number;
  bytesFromDevice: number;
}

/** What one client has exchanged with the device. */
interface Exchanged {
  readonly lane: { readonly writtenFrames: number; readonly writtenBytes: number };
  readonly receivedFrames: number;
  readonly receivedBytes: number;
  readonly losses: Readonly<ClientLosses>;
}

const LOSSES = Object.keys(REASONS) as (keyof ClientLosses)[];

export function noLosses(): ClientLosses {
  return Object.fromEntries(LOSSES.map((loss) => [loss, 0])) as ClientLosses;
}

export function noTraffic(): Traffic {
  return { framesToPort: 0, bytesToPort: 0, framesFromDevice: 0, bytesFromDevice: 0, ...noLosses() };
}

/** Adds what a client has exchanged. Returns the sum. */
export function addTraffic(sum: Traffic, { lane, receivedFrames, receivedBytes, losses }: Exchanged): Traffic {
  sum.framesToPort += lane.writtenFrames;
  sum.bytesToPort += lane.writtenBytes;
  sum.framesFromDevice += receivedFrames;
  sum.bytesFromDevice += receivedBytes;
  for (const loss of LOSSES) {
    sum[loss] += losses[loss];
  }
  return sum;
}

/** How much did not get through, for whatever reason. */
export function lostOf(traffic: Traffic): number {
  return LOSSES.reduce((sum, loss) => sum + (loss === 'unfinishedBytes' ? 0 : traffic[loss]), 0);
}

/** One line, for messages. */
export function describeTraffic(traffic: Traffic, isFramed: boolean): string {
  const { framesToPort, bytesToPort, framesFromDevice, bytesFromDevice } = traffic;
  const amount = (frames: number, bytes: number) => (isFramed ? count(frames, 'frame') : count(bytes, 'byte'));
  const unit = (loss: keyof ClientLosses) => (isFramed && loss !== 'unfinishedBytes' ? 'frame' : 'byte');
  return [
    `sent ${amount(framesToPort, bytesToPort)}`,
    `received ${amount(framesFromDevice, bytesFromDevice)}`,
    ...LOSSES.filter((loss) => traffic[loss] > 0).map((loss) => `${count(traffic[loss], unit(loss))} ${REASONS[loss]}`),
  ].join(', ');
}
