import { startBroker } from './support/broker.mjs';
import { processorUs } from './support/processes.mjs';

const PACKET_BYTES = 64;
const BASE = 'serial';

/** Devices and bridges of each fleet, and the QoS if it is not 0. */
const FLEETS = [
  { devices: 1, bridges: 1 },
  { devices: 8, bridges: 1 },
  { devices: 64, bridges: 1 },
  { devices: 64, bridges: 4 },
  { devices: 512, bridges: 1 },
  { devices: 512, bridges: 4 },
  { devices: 64, bridges: 1, qos: 1 },
];

/** Total number of packets that are sent as fast as the ports accept them. */
const FLOOD_PACKETS = 48_000;
const FLOOD_PACKETS_QUICK = 4_000;

/** Packets that come one by one, so that none waits for another. */
const PACED_PACKETS = 2_000;
const PACED_PACKETS_QUICK = 200;
const GAP_US = 1_000;

/** See `many-ports.mjs`. */
const MEMORY_FLAGS = ['--expose-gc', '--max-semi-space-size=1', '--no-opt'];

const label = ({ devices, bridges, qos }) => `${devices}/${bridges}${qos === 1 ? ' QoS 1' : ''}`;

/**
 * The broker must not be what loses messages: its queues have no limits. By default, it allows 20 messages with QoS 1 in
 * flight, which bare MQTT.js ignores.
 */
const BROKER_CONFIG = ['max_queued_messages 0', 'max_inflight_messages 1000'];

export default {
  question: `How many packets of ${PACKET_BYTES} bytes reach an application from devices behind bridges (devices/bridges), and how late?`,
  needs: ['ptys', 'cc', 'mosquitto'],
  metrics: Object.fromEntries([
    ...FLEETS.flatMap((fleet) => [
      [`rate ${label(fleet)}`, 'packets/s in a flood'],
      [`p50 ${label(fleet)}`, 'ms from device to application, 1,000 packets/s'],
      [`p99 ${label(fleet)}`, 'ms'],
      [`bridges ${label(fleet)}`, 'µs of processor time per packet'],
      [`broker ${label(fleet)}`, 'µs'],
      [`application ${label(fleet)}`, 'µs'],
    ]),
    ['lost', 'packets that did not arrive'],
    ['uncounted', 'packets that are missing and that no counter names'],
    ['memory', 'KiB per device in the bridge, 512 devices'],
  ]),
  bars: [
    ...FLEETS.flatMap((fleet) => [
      { metric: `rate ${label(fleet)}`, of: 'ours', to: 'bare', min: 0.7 },
      { metric: `p50 ${label(fleet)}`, of: 'ours', to: 'bare', max: 1.5 },
    ]),
    { metric: 'uncounted', of: 'ours', max: 0, quickMax: 0 },
    { metric: 'memory', of: 'ours', max: 64 },
  ],
  async run(bench) {
    const broker = await startBroker(BROKER_CONFIG);
    try {
      for (const fleet of FLEETS.slice(0, bench.size(FLEETS.length, 2))) {
        await measure(bench, broker, fleet);
      }
      await measureMemory(bench, broker);
    } finally {
      broker.close();
    }
  },
};

async function measure(bench, broker, fleet) {
  const sides = { ours: await start(bench, broker, 'ours', fleet), bare: await start(bench, broker, 'bare', fleet) };
  const name = label(fleet);
  const perDevice = (full, quick) => Math.ceil(bench.size(full, quick) / fleet.devices);
  await bench.alternate(sides, bench.size(5, 1), async (side) => {
    const flooded = await send(side, 'flood', perDevice(FLOOD_PACKETS, FLOOD_PACKETS_QUICK));
    const paced = await send(side, 'pace', perDevice(PACED_PACKETS, PACED_PACKETS_QUICK));
    return {
      [`rate ${name}`]: flooded.received / flooded.seconds,
      [`p50 ${name}`]: paced.p50,
      [`p99 ${name}`]: paced.p99,
      [`bridges ${name}`]: flooded.bridgesUs / flooded.received,
      [`broker ${name}`]: flooded.brokerUs / flooded.received,
      [`application ${name}`]: flooded.applicationUs / flooded.received,
      uncounted: paced.uncounted,
      lost: flooded.missing + paced.missing,
    };
  });
  Object.values(sides).forEach(kill);
}

async function measureMemory(bench, broker) {
  const fleet = { devices: 512, bridges: 1 };
  const side = await start(bench, broker, 'ours', fleet, MEMORY_FLAGS);
  await send(side, 'flood', bench.size(80, 4));
  const { usedBytes } = await side.bridges[0].ask('memory');
  bench.record('ours', { memory: usedBytes / 1024 / fleet.devices });
  kill(side);
}

/** Starts devices, bridges and an application. */
async function start(bench, broker, stack, { devices, bridges, qos = 0 }, flags = []) {
  const { url } = broker;
  const { device, paths } = await bench.device(stack, 'send', { size: PACKET_BYTES, ports: devices, program: 'fleet' });
  const shares = Array.from({ length: bridges }, (_, index) => {
    const own = paths.map((path, port) => ({ path, name: `d${port}` })).filter((_, port) => port % bridges === index);
    return { bridge: `${stack}${index}`, paths: own.map(({ path }) => path), names: own.map(({ name }) => name) };
  });
  const running = [];
  for (const share of shares) {
    const config = { stack, url, base: BASE, qos, ...share };
    const bridge = bench.node(`${stack}: bridge`, 'mqtt-bridge.mjs', [JSON.stringify(config)], flags);
    await bridge.next();
    running.push(bridge);
  }
  const config = {
    stack,
    url,
    base: BASE,
    qos,
    size: PACKET_BYTES,
    bridges: shares.map(({ bridge, names }) => ({ bridge, names })),
  };
  const application = bench.node(stack, 'mqtt-application.mjs', [JSON.stringify(config)]);
  await application.next();
  return { broker, device, bridges: running, application, devices, missing: 0, bridgesUs: 0 };
}

/** Lets the devices send, and the application receive. Returns what it received, and what no counter names. */
async function send(side, mode, packets) {
  const { broker, device, application, bridges, devices } = side;
  application.tell(`receive ${packets * devices}`);
  await application.next();
  const brokerBeforeUs = processorUs(broker.pid);
  device.tell(mode === 'pace' ? `pace ${packets} ${GAP_US}` : `flood ${packets}`);
  const [result] = await Promise.all([application.next(), device.next()]);
  const brokerUs = processorUs(broker.pid) - brokerBeforeUs;
  const counts = await Promise.all(bridges.map((bridge) => bridge.ask('counts')));
  // All counters only grow. What a bridge drops, the application misses, too, unless nothing follows it.
  const notPublished = counts.reduce((sum, count) => sum + count.notPublished, 0);
  side.missing += result.missing;
  const bridgesBeforeUs = side.bridgesUs;
  side.bridgesUs = counts.reduce((sum, { cpuUs }) => sum + cpuUs, 0);
  return {
    ...result,
    uncounted: Math.max(0, side.missing - Math.max(notPublished, result.lost)),
    bridgesUs: side.bridgesUs - bridgesBeforeUs,
    brokerUs,
  };
}

function kill({ device, bridges, application }) {
  for (const child of [application, ...bridges, device]) {
    child.kill();
  }
}
