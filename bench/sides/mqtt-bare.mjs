// MQTT.js, and nothing around it: reads ports, publishes what arrives; subscribes, and passes on what arrives.
import { constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import mqtt from 'mqtt';
import { cobsDecode } from '../../dist/index.js';

/** What MQTT.js must not do by itself, as in the library. */
const OPTIONS = { protocolVersion: 5, clean: true, reconnectPeriod: 0 };

/** Publishes the packets of each port on a topic of its own. A frame may span any number of reads. */
export async function openBridge({ url, base, qos, bridge, names, paths }, onError) {
  const client = await mqtt.connectAsync(url, OPTIONS);
  client.on('error', onError);
  for (const [index, path] of paths.entries()) {
    publishPackets(client, path, `${base}/${bridge}/${names[index]}/rx`, qos, onError);
  }
  return { counts: () => ({ notPublished: 0 }) };
}

function publishPackets(client, path, topic, qos, onError) {
  const port = new ReadStream(openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  port.on('error', onError);
  // The library numbers its messages, too.
  const correlationData = Buffer.alloc(8);
  let number = 0;
  let rest = Buffer.alloc(0);
  port.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
      if (end > start) {
        correlationData.writeUInt32BE(++number, 4);
        const packet = Buffer.from(cobsDecode(bytes.subarray(start, end)));
        client.publish(topic, packet, { qos, properties: { correlationData: Buffer.from(correlationData) } });
      }
      start = end + 1;
    }
    rest = bytes.subarray(start);
  });
}

/** Passes on the packets of all connections, with their names. */
export async function openApplication({ url, base, qos, bridges }, onPacket, onError) {
  const client = await mqtt.connectAsync(url, OPTIONS);
  client.on('error', onError);
  client.on('message', (topic, packet) => onPacket(topic.split('/')[2], packet));
  await client.subscribeAsync(
    bridges.map(({ bridge }) => `${base}/${bridge}/+/rx`),
    { qos },
  );
  return { counts: () => ({ lost: 0 }) };
}
