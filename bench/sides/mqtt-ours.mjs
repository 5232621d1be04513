// This library at both ends, used as in an application.
import { SerialCommunicator } from '../../dist/index.js';
import { MqttBridge, MqttCommunicator } from '../../dist/mqtt/index.js';

/** A bridge for the ports of one machine. */
export async function openBridge({ url, base, qos, bridge, names, paths }, onError) {
  const serial = new SerialCommunicator();
  for (const [index, path] of paths.entries()) {
    serial.addConnection(names[index], { path, baudRate: 115_200 });
  }
  serial.on('rejectedFrame', ({ reason }) => onError(new Error(`wrong bytes: rejected frame, ${reason}`)));
  serial.on('disconnected', ({ error }) => onError(error));
  const mqtt = new MqttBridge(serial, { url, base, qos, name: bridge });
  mqtt.on('offline', ({ error }) => onError(error));
  await serial.initialize();
  await mqtt.start();
  return {
    counts: () => ({ notPublished: names.reduce((sum, name) => sum + mqtt.stats(name).packetsNotPublished, 0) }),
  };
}

/** A communicator with a connection for each device. */
export async function openApplication({ url, base, bridges }, onPacket, onError) {
  const remote = new MqttCommunicator({ url, base, defaults: { openTimeoutMs: 30_000 } });
  const names = bridges.flatMap(({ bridge, names }) => {
    for (const name of names) {
      remote.addConnection(name, { bridge });
    }
    return names;
  });
  remote.setReceiveHandler(onPacket);
  remote.on('disconnected', ({ error }) => onError(error));
  remote.on('handlerError', ({ error }) => onError(error));
  await remote.initialize();
  return { counts: () => ({ lost: names.reduce((sum, name) => sum + remote.stats(name).packetsMissed, 0) }) };
}
