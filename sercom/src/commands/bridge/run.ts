import { ExitCode } from '../../exit-codes.js';
import { Interruption } from '../../interruption.js';
import { checkDelivery } from '../../options/delivery-options.js';
import { type SessionPort, sessionPorts } from '../../ports/open-ports.js';
import { printMessage } from '../../terminal/message.js';
import type { Run } from '../command.js';
import { type Broker, brokerOf } from './broker.js';
import type { definition } from './command.js';
import { runBridge } from './session.js';
import { bridgeName, checkBase, parseBridgedPorts } from './topics.js';

/** Connects ports to a broker, until Ctrl-C. */
export const run: Run<typeof definition> = async (options) => {
  checkDelivery(options);
  const { base, qos, skipFirst, delivery, requestIdBytes, awaitBroker } = options;
  checkBase(base);
  const name = bridgeName(options.name);
  const parsed = parseBridgedPorts(options.ports, options.baud);
  const broker = await brokerOf(options);
  const ports = sessionPorts(parsed, options, { skipFirst, delivery, ownIdBytes: requestIdBytes });
  if (broker.exposesPassword) {
    printMessage(
      `the password is sent to ${broker.host} without encryption; use mqtts:// unless you trust the network`,
    );
  }
  const interruption = new Interruption();
  try {
    await runBridge(
      {
        ports,
        options: { url: broker.url, mqtt: broker.settings, base, name, qos, required: awaitBroker !== true },
        greeting: greeting(ports, broker, `${base}/${name}`),
      },
      interruption.signal,
    );
    return interruption.exitCode(ExitCode.success);
  } finally {
    interruption.close();
  }
};

function greeting(ports: readonly SessionPort[], broker: Broker, topic: string): string {
  const what = ports.map(({ name, path }) => (name === path ? path : `${name} (${path})`)).join(', ');
  return `bridging ${what} to ${broker.host} as ${topic}; press Ctrl-C to stop`;
}
