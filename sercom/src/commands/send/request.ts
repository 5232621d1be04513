import type { ReplyError } from 'serial-communicator';
import { CliError, codeOf } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { ACKNOWLEDGED } from '../../options/delivery-options.js';
import type { SessionPort } from '../../ports/open-ports.js';
import type { PacketRecord } from '../../records/record.js';
import { type Arrivals, portTrouble, since } from '../../session/diagnosis.js';
import type { LivePorts } from '../../session/live-ports.js';
import { count } from '../../text/count.js';
import { errorReply } from '../error-reply.js';

/**
 * Sends a packet as a request.
 *
 * @param ifSilent - what to say if the device sends nothing
 * @returns the record of its reply
 * @throws CliError if the device does not reply in time, or with an error; an error of the library if it cannot be sent
 */
export async function requestReply(
  { name, connection }: SessionPort,
  packet: Uint8Array,
  live: LivePorts,
  timeoutSeconds: number,
  ifSilent: string,
): Promise<PacketRecord> {
  const before = live.stats(name);
  try {
    return await live.request(name, packet, timeoutSeconds * 1_000);
  } catch (error) {
    live.signal.throwIfAborted();
    const code = codeOf(error);
    if (code === 'REPLY_ERROR') {
      throw errorReply(name, error as ReplyError);
    }
    if (code === 'REPLY_TIMEOUT') {
      const why =
        connection.delivery === ACKNOWLEDGED
          ? 'the device has taken the request: does it reply to it? If so, increase --timeout'
          : (portTrouble(live.stats(name), ifSilent, live.unframed(name), before) ??
            whyNoReply(live.stats(name), before));
      const message = `no reply from "${name}" within ${count(timeoutSeconds, 'second')}; ${why}`;
      throw new CliError(ExitCode.timeout, message, { cause: error });
    }
    throw error;
  }
}

function whyNoReply(arrivals: Arrivals, before: Arrivals): string {
  const { packetsReceived } = since(before, arrivals);
  return packetsReceived > 0
    ? `${count(packetsReceived, 'packet')} arrived, but no reply: does the device repeat the id of the request (--request-ids)? If so, increase --timeout`
    : 'received only delimiters: does the device reply to this packet? If so, increase --timeout';
}
