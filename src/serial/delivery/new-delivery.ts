import type { CompleteSerialConnection } from '../serial-connection.js';
import type { LinkStats } from '../serial-stats.js';
import { AcknowledgedDelivery, type DeliveryOwner } from './acknowledged-delivery.js';
import type { ConnectionDelivery } from './connection-delivery.js';
import { PlainDelivery } from './plain-delivery.js';

/** What the setting `delivery` of a connection selects. */
export function newDelivery(
  name: string,
  connection: CompleteSerialConnection,
  stats: LinkStats,
  owner: DeliveryOwner,
): ConnectionDelivery {
  return connection.delivery === 'plain'
    ? new PlainDelivery(name, connection, stats, owner)
    : new AcknowledgedDelivery(name, connection, stats, owner);
}
