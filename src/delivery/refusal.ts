import { MAX_WINDOW, PROTOCOL_VERSION, type StatusFrame } from './wire-format.js';

/**
 * Why no session with a peer is possible: a sentence that follows "the device".
 *
 * @param receiveWindow - how many packets the opener can hold
 * @param maxPacketBytes - the largest packet that the opener accepts
 * @returns `undefined` if its version and its sizes fit
 */
export function refusal(status: StatusFrame, receiveWindow: number, maxPacketBytes: number): string | undefined {
  if (status.version !== PROTOCOL_VERSION) {
    return (
      `speaks version ${status.version} of acknowledged delivery; expected version ${PROTOCOL_VERSION}: ` +
      'build its firmware with the link.c of this library'
    );
  }
  if (status.receiveWindow < 1 || status.receiveWindow > MAX_WINDOW) {
    return `has a receive window of ${status.receiveWindow} packets; expected 1 to ${MAX_WINDOW}`;
  }
  if (status.sendWindow < 1 || status.sendWindow > receiveWindow) {
    return `has a send window of ${status.sendWindow} packets; expected 1 to ${receiveWindow}`;
  }
  if (status.receiveMaxPacketBytes < 1) {
    return 'accepts only empty packets';
  }
  if (status.sendMaxPacketBytes > maxPacketBytes) {
    return `may send packets of ${status.sendMaxPacketBytes} bytes; expected at most ${maxPacketBytes}: raise maxPacketBytes`;
  }
  return undefined;
}
