import { randomBytes } from 'node:crypto';
import { afterAll } from 'vitest';
import { type RequestIdOptions, SerialCommunicator } from '../../src/index.js';
import { MqttBridge, MqttCommunicator, type MqttConnection } from '../../src/mqtt/index.js';
import { describeCommunicatorContract } from '../communicator-contract.js';
import { ContractMocks } from '../support/contract-mocks.js';
import { MOSQUITTO_MISSING, Mosquitto } from '../support/mosquitto.js';

let broker: Promise<Mosquitto> | undefined;

afterAll(async () => {
  await (await broker)?.stop();
});

/** A communicator that starts the bridge of its devices when it is initialized, each connection with the ids that it needs. */
class BridgedCommunicator extends MqttCommunicator {
  readonly #mocks: ContractMocks;
  readonly #qos: 0 | 1;
  readonly #url: string;
  readonly #base: string;
  readonly #serial: Record<string, object> = {};
  #communicator: SerialCommunicator | undefined;
  #bridge: MqttBridge | undefined;

  constructor(url: string, base: string, delivery: 'plain' | 'acknowledged', qos: 0 | 1) {
    super({ url, base });
    this.#mocks = new ContractMocks(delivery);
    this.#qos = qos;
    this.#url = url;
    this.#base = base;
  }

  readonly newConnection = () => this.#named(this.#mocks.connection());

  readonly newBrokenConnection = () => {
    const { connection, mend } = this.#mocks.brokenConnection();
    const named = { ...this.#named(connection), openTimeoutMs: 300 };
    return { connection: named, mend };
  };

  override addConnection(name: string, connection: MqttConnection): void {
    const { requestIds, ...others } = (connection ?? {}) as unknown as {
      requestIds?: RequestIdOptions;
      connection?: string;
    };
    if (requestIds === undefined) {
      super.addConnection(name, connection);
    } else {
      super.addConnection(name, { ...(others as MqttConnection), requestIds: true });
      this.#serial[others.connection!] = { ...this.#serial[others.connection!], requestIds };
    }
  }

  async disposeBridge(): Promise<void> {
    await this.#bridge?.stop();
    await this.#communicator?.[Symbol.asyncDispose]();
  }

  protected override async openConnections(
    ...parameters: Parameters<MqttCommunicator['openConnections']>
  ): Promise<void> {
    await this.disposeBridge();
    this.#communicator = new SerialCommunicator({ binding: this.#mocks.binding });
    for (const [name, connection] of Object.entries(this.#serial)) {
      this.#communicator.addConnection(name, connection as never);
    }
    await this.#communicator.initialize();
    this.#bridge = new MqttBridge(this.#communicator, {
      url: this.#url,
      base: this.#base,
      name: 'bench',
      qos: this.#qos,
    });
    await this.#bridge.start();
    await super.openConnections(...parameters);
  }

  #named(serial: object): MqttConnection {
    const connection = `device ${Object.keys(this.#serial).length}`;
    this.#serial[connection] = { ...serial, required: false, reconnect: { minDelayMs: 1, maxDelayMs: 10 } };
    return { bridge: 'bench', connection };
  }
}

for (const [delivery, qos] of [
  ['plain', 0],
  ['acknowledged', 1],
] as const) {
  describeCommunicatorContract(
    `MqttCommunicator over a bridge of mock devices, ${delivery} delivery, QoS ${qos}${MOSQUITTO_MISSING}`,
    async () => {
      broker ??= Mosquitto.start();
      const base = `contract/${randomBytes(4).toString('hex')}`;
      const communicator = new BridgedCommunicator((await broker).url, base, delivery, qos);
      return {
        communicator,
        connection: communicator.newConnection,
        brokenConnection: communicator.newBrokenConnection,
        // The program of the bridge answers requests of the device.
        canAnswer: false,
        dispose: () => communicator.disposeBridge(),
      };
    },
    // The bridge hears of an abort only later.
    { canFail: true, canStall: false, skip: MOSQUITTO_MISSING !== '' },
  );
}
