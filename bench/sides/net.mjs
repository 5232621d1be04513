import { once } from 'node:events';
import { connect } from 'node:net';
import cobs from 'cobs';

const DELIMITER = Buffer.of(0);

/** A bare socket, and npm `cobs`. A frame may span any number of reads. */
export async function open({ paths }, onPacket, onError) {
  const { hostname, port } = new URL(paths[0]);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', onError);
  await once(socket, 'connect');
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
      onPacket(cobs.decode(bytes.subarray(start, end)), 0);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  });
  return {
    send(packet) {
      socket.write(Buffer.concat([cobs.encode(packet), DELIMITER]));
    },
  };
}
