import { readSync, writeSync } from 'node:fs';
import { SerialPort } from 'serialport';
import { cobsDecode, cobsEncodeInto } from '../../dist/index.js';

const READABLE = 1;
const BUFFER_BYTES = 4_096;

/**
 * The minimum for polling, reading and writing in Node: no queue, no frames that span reads, no error handling. Shows the
 * cost of the poller and the system calls.
 */
export async function open({ paths }, onPacket, onError) {
  const port = await SerialPort.binding.open({ path: paths[0], baudRate: 115_200 });
  const received = Buffer.allocUnsafe(BUFFER_BYTES);
  const sent = Buffer.allocUnsafe(BUFFER_BYTES);
  port.poller.on('readable', (error) => {
    if (error) {
      onError(error);
      return;
    }
    try {
      const bytes = readSync(port.fd, received, 0, BUFFER_BYTES, null);
      onPacket(cobsDecode(received.subarray(0, bytes - 1)), 0);
    } catch (failure) {
      onError(new Error(`wrong bytes: ${failure.message}`));
    }
    port.poller.poll(READABLE);
  });
  port.poller.poll(READABLE);
  return {
    send(packet) {
      const end = cobsEncodeInto(packet, sent, 0);
      sent[end] = 0;
      writeSync(port.fd, sent, 0, end + 1, null);
    },
  };
}
