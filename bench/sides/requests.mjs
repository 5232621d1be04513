import { communicatorFor } from './ours.mjs';

/** This library, with a request for each packet: the device echoes it, and with it the id. */
export async function open({ paths, binding }, onPacket, onError) {
  const communicator = await communicatorFor(binding, paths, { requestIds: { bytes: 1 } });
  communicator.on('lateReply', ({ id }) => onError(new Error(`wrong bytes: a reply with the unknown id ${id}`)));
  communicator.on('rejectedFrame', ({ reason }) => onError(new Error(`wrong bytes: rejected frame, ${reason}`)));
  communicator.on('disconnected', ({ error }) => onError(error));
  await communicator.initialize();
  const names = paths.map((_, port) => String(port));
  return {
    send(packet, port) {
      communicator.request(names[port], packet).then((reply) => onPacket(reply, port), onError);
    },
  };
}
