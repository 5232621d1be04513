import { DelimiterParser } from '@serialport/parser-delimiter';
import cobs from 'cobs';
import { SerialPort } from 'serialport';
import { continueEachTurn } from '../../dist/timing/continue-promises.js';

const DELIMITER = Buffer.of(0);

const [major, minor] = process.versions.node.split('.').map(Number);

/** Whether `serialport` stalls in this version of Node. In others, what helps would only take time. */
const STALLS = major > 26 || (major === 26 && minor >= 4);

/** The plain `serialport` stack, used well: one frame per event, and the flow control of the stream. */
export async function open({ paths }, onPacket, onError) {
  if (STALLS) {
    continueEachTurn();
  }
  const ports = await Promise.all(
    paths.map((path, port) => openPort(path, (packet) => onPacket(packet, port), onError)),
  );
  return {
    send(packet, port) {
      ports[port].write(frame(packet));
    },
    /** Sends `count` packets, cycling through `packets`, as fast as the stream accepts them. */
    async sendAll(packets, count) {
      const [port] = ports;
      for (let next = 0; next < count; next++) {
        if (!port.write(frame(packets[next % packets.length]))) {
          await new Promise((resolve) => port.once('drain', resolve));
        }
      }
    },
  };
}

async function openPort(path, onPacket, onError) {
  const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false });
  port.on('error', onError);
  port.on('close', () => onError(new Error('the port closed')));
  const parser = port.pipe(new DelimiterParser({ delimiter: DELIMITER, readableObjectMode: true }));
  parser.on('data', (received) => onPacket(cobs.decode(received)));
  await new Promise((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  return port;
}

function frame(packet) {
  return Buffer.concat([cobs.encode(packet), DELIMITER]);
}
