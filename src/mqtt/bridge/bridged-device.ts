import type { ConnectionError } from '../../errors.js';
import type { NamedConnection } from '../../requests/named-connection.js';
import type { Properties } from '../broker-connection.js';
import type { ConnectionTopics } from '../topics.js';
import { type BridgeStats, newBridgeStats } from './bridge-stats.js';
import { Commands, type CommandsOwner } from './commands.js';
import { Uplink, type UplinkOwner } from './uplink.js';

/** One connection of a bridge: its topics, its packets in both directions, and its counts. */
export class BridgedDevice {
  readonly name: string;
  readonly topics: ConnectionTopics;
  readonly stats: BridgeStats = newBridgeStats();
  readonly uplink: Uplink;
  readonly commands: Commands;
  readonly #connection: NamedConnection;

  constructor(connection: NamedConnection, topics: ConnectionTopics, uplink: UplinkOwner, commands: CommandsOwner) {
    this.name = connection.name;
    this.topics = topics;
    this.#connection = connection;
    this.uplink = new Uplink(topics.rx, this.stats, uplink);
    this.commands = new Commands(connection, topics.result, this.stats, commands);
    connection.onPacket(this.uplink.take);
  }

  /** The payload and the properties of its state. `error`: why it is disconnected; undefined if it is connected. */
  describe(
    isConnected: boolean,
    error: Pick<ConnectionError, 'code' | 'message'> | undefined,
    instance: string,
  ): [string, Properties] {
    const { hasRequestIds, isAcknowledged } = this.#connection;
    const userProperties = {
      instance,
      requestIds: hasRequestIds ? 'yes' : 'no',
      delivery: isAcknowledged ? 'acknowledged' : 'plain',
      ...(!isConnected && { code: error?.code ?? 'CONNECTION_LOST' }),
    };
    const payload = isConnected ? 'connected' : `disconnected: ${error?.message ?? 'the port is not open'}`;
    return [payload, { userProperties }];
  }
}
