import { openTestPort, type TestPort } from './test-port.js';

/** A frame and its delimiter, encoded here and not by the library. For packets of less than 254 bytes. */
function frame(packet: readonly number[]): Buffer {
  const blocks: number[][] = [[]];
  for (const byte of packet) {
    if (byte === 0) {
      blocks.push([]);
    } else {
      blocks.at(-1)!.push(byte);
    }
  }
  return Buffer.from([...blocks.flatMap((block) => [block.length + 1, ...block]), 0]);
}

/** The packet of a frame without its delimiter. */
function packetOf(encoded: readonly number[]): number[] {
  const packet: number[] = [];
  for (let at = 0; at < encoded.length; at += encoded[at]!) {
    packet.push(...(at > 0 ? [0] : []), ...encoded.slice(at + 1, at + encoded[at]!));
  }
  return packet;
}

/** A device on a {@link TestPort}. */
export interface IdDevice extends TestPort {
  /** The packets that it has received, with their ids. */
  readonly received: readonly (readonly number[])[];
  send(...packets: (readonly number[])[]): void;
}

/**
 * Opens a port whose device is in the test.
 *
 * @param answer - gets each packet with its id, and returns the packets to send
 */
export async function openIdDevice(
  answer: (packet: readonly number[], index: number) => (readonly number[])[] = () => [],
): Promise<IdDevice> {
  const port = await openTestPort();
  const received: (readonly number[])[] = [];
  let pending: number[] = [];
  const send = (...packets: (readonly number[])[]) => {
    if (packets.length > 0) {
      port.device.write(Buffer.concat(packets.map(frame)));
    }
  };
  port.device.on('data', (chunk: Buffer) => {
    for (const byte of chunk) {
      if (byte !== 0) {
        pending.push(byte);
      } else if (pending.length > 0) {
        const packet = packetOf(pending);
        pending = [];
        send(...answer(packet, received.push(packet) - 1));
      }
    }
  });
  return { ...port, received, send };
}
