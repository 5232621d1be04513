import { directBinding, SerialCommunicator } from '../../dist/index.js';

/** Packets in flight: as many as the default send queue takes of 64 bytes, with room to spare. */
const IN_FLIGHT = 2_000;

const bindings = {
  default: () => undefined,
  direct: () => directBinding,
  serialport: async () => (await import('serialport')).SerialPort.binding,
};

/** The library, as an application uses it. */
export async function open({ paths, binding }, onPacket, onError) {
  const chosen = await bindings[binding]();
  const communicator = new SerialCommunicator(chosen === undefined ? {} : { binding: chosen });
  paths.forEach((path, port) => {
    communicator.addConnection(String(port), { path, baudRate: 115_200 });
  });
  communicator.setReceiveHandler((name, packet) => onPacket(packet, Number(name)));
  communicator.on('rejectedFrame', ({ reason }) => onError(new Error(`wrong bytes: rejected frame, ${reason}`)));
  communicator.on('handlerError', ({ error }) => onError(error));
  communicator.on('disconnected', ({ error }) => onError(error));
  await communicator.initialize();
  const names = paths.map((_, port) => String(port));
  return {
    send(packet, port) {
      communicator.send(names[port], packet).catch(onError);
    },
    /** Sends the packets over and over, `count` in all, as fast as `send` allows. */
    async sendAll(packets, count) {
      let next = 0;
      const sender = async () => {
        while (next < count) {
          await communicator.send('0', packets[next++ % packets.length]);
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
    },
  };
}
