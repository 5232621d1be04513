/** This library, or that of another checkout. */
const { library = '../../dist/index.js' } = JSON.parse(process.argv[2]);
const { directBinding, SerialCommunicator } = await import(library);

/** Sends per batch. The last send of a batch is awaited while those of the next are in progress. */
const BATCH = 1_000;

const bindings = {
  default: () => undefined,
  direct: () => directBinding,
  serialport: async () => (await import('serialport')).SerialPort.binding,
};

/** A communicator with one connection for each path. The name of a connection is the index of its path. */
export async function communicatorFor(binding, paths, settings = {}) {
  const chosen = await bindings[binding]();
  const communicator = new SerialCommunicator(chosen === undefined ? {} : { binding: chosen });
  paths.forEach((path, port) => {
    communicator.addConnection(String(port), { path, baudRate: 115_200, ...settings });
  });
  return communicator;
}

/** This library, used as in an application. */
export async function open({ paths, binding }, onPacket, onError, settings = {}) {
  const communicator = await communicatorFor(binding, paths, settings);
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
    /** Sends `count` packets, cycling through `packets`, as fast as `send` allows: not every send is awaited. */
    async sendAll(packets, count) {
      let before;
      for (let next = 0; next < count; next++) {
        const sent = communicator.send('0', packets[next % packets.length]);
        if (next % BATCH === BATCH - 1 || next === count - 1) {
          await before;
          before = sent;
        }
      }
      await before;
    },
  };
}
