import type { SerialCommunicator } from 'serial-communicator';
import { nowUs } from '../records/clock.js';
import type { SessionEvent } from '../records/session-event.js';
import { printMessage } from '../terminal/message.js';
import { count } from '../text/count.js';
import { forUsers } from './delivery-error.js';

/**
 * Reports how the sessions of acknowledged delivery begin and end.
 *
 * @param closing - aborted when the ports are closed on purpose, which is not reported
 */
export function watchSessions(
  communicator: SerialCommunicator,
  report: (event: SessionEvent) => void,
  closing: AbortSignal,
): void {
  const add = (event: string, name: string, text: string, details?: SessionEvent['details']) => {
    if (!closing.aborted) {
      report({ timeUs: nowUs(), name, event, text, ...(details && { details }) });
    }
  };
  communicator.on('sessionStarted', ({ name, session }) => {
    const { sendWindow, receiveWindow, sendMaxPacketBytes, receiveMaxPacketBytes } = session;
    const holds = `the device holds ${count(sendWindow, 'packet')} of up to ${count(sendMaxPacketBytes, 'byte')}`;
    const sends = `and sends ${receiveWindow} of up to ${count(receiveMaxPacketBytes, 'byte')}`;
    add('sessionStarted', name, `session started: ${holds}, ${sends}`, { ...session });
  });
  communicator.on('peerReset', ({ name, error: { code } }) => {
    const text = 'the device restarted; packets that it had not acknowledged are not sent again';
    add('peerReset', name, text, { code });
  });
  communicator.on('sessionFailed', ({ name, error }) => {
    const timedOut = 'the session ended: a packet was not acknowledged within --ack-timeout; asking for a new one';
    const text = error.code === 'ACK_TIMEOUT' ? timedOut : (forUsers(error) as Error).message;
    add('sessionFailed', name, text, { code: error.code });
  });
  communicator.on('peerSilent', ({ name, isSilent }) => {
    const text = isSilent
      ? 'the device is silent, although it is polled: check that its program runs, and its cable'
      : 'the device is no longer silent';
    add('peerSilent', name, text, { isSilent });
  });
}

/** Prints an event on stderr if something is wrong that no packet is rejected for. */
export function reportTrouble({ name, event, text }: SessionEvent): void {
  if (event === 'peerReset' || event === 'peerSilent') {
    printMessage(`"${name}": ${text}`);
  }
}
