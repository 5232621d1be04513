import type { SerialStats } from 'serial-communicator';
import type { BridgeStats } from 'serial-communicator/mqtt';
import { deliverySummary } from '../../session/delivery-summary.js';
import { count } from '../../text/count.js';

/** What a bridge has done for one connection, in one line. */
export function bridgeTotals(name: string, bridge: BridgeStats, serial: SerialStats): string {
  const { packetsReceived, packetsPublished, packetsNotPublished, packetsWaiting } = bridge;
  const { commandsReceived, commandsSucceeded, commandsFailed } = bridge;
  const refused = bridge.commandsRetained + bridge.commandsExpired + bridge.commandsMalformed;
  const rejected = serial.malformedFrames + serial.tooLongFrames + serial.checksumFrames + serial.tooShortFrames;
  return [
    `${name}: received ${count(packetsReceived, 'packet')}`,
    `published ${packetsPublished}`,
    ...(packetsNotPublished + packetsWaiting > 0 ? [`${packetsNotPublished + packetsWaiting} not published`] : []),
    ...(rejected > 0 ? [`rejected ${count(rejected, 'frame')}`] : []),
    count(commandsReceived, 'command'),
    `${commandsSucceeded} succeeded`,
    ...(commandsFailed > 0 ? [`${commandsFailed} failed`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(bridge.resultsNotPublished > 0 ? [`${count(bridge.resultsNotPublished, 'result')} not published`] : []),
    ...(bridge.commandsDuplicate > 0 ? [count(bridge.commandsDuplicate, 'duplicate')] : []),
    ...(serial.delivery === undefined ? [] : [deliverySummary(serial.delivery)]),
  ].join(', ');
}
