import { ConnectionError, type Delivered, ReplyError } from '../errors.js';
import { REPLY_CODES } from './request-ids.js';
import type { LineCounts } from './transmission.js';

/** How the reply to a request is recognized. */
export interface ReplyRule {
  readonly hasIds: boolean;
  readonly hasMatches: boolean;
}

/** `what` with its count, in the plural if there are several. Empty if there is none. */
function counted(count: number, what: string): string[] {
  return count > 0 ? [`${count} ${what}${count === 1 ? '' : 's'}`] : [];
}

/** What arrived between two readings of the counts, and what that says about the device. */
function describeArrivals(packets: number, before: LineCounts, now: LineCounts, rule: ReplyRule): string {
  const rejectedFrames = now.rejectedFrames - before.rejectedFrames;
  const skippedBytes = now.skippedBytes - before.skippedBytes;
  const unfinishedBytes = now.unfinishedBytes - before.unfinishedBytes;
  const parts = [
    ...counted(packets, 'other packet'),
    ...counted(rejectedFrames, 'rejected frame'),
    ...counted(skippedBytes, 'skipped byte'),
    ...counted(unfinishedBytes, 'byte').map((bytes) => `${bytes} without a delimiter`),
  ];
  const [last = 'nothing', ...others] = parts.reverse();
  const what = others.length === 0 ? last : `${others.reverse().join(', ')} and ${last}`;
  return `meanwhile ${what} arrived; ${adviceFor(parts.length === 0, packets > 0, rule)}`;
}

function adviceFor(nothingArrived: boolean, packetsArrived: boolean, rule: ReplyRule): string {
  if (nothingArrived) {
    return 'check that the device runs and answers this request, or raise timeoutMs';
  }
  if (!packetsArrived) {
    return 'check that baudRate, checksum and framing are those of the device';
  }
  const checks = [
    ...(rule.hasIds ? ['that the device repeats the id of the request'] : []),
    ...(rule.hasMatches ? ['that matches accepts the reply'] : []),
  ];
  return `check ${checks.join(' and ')}, or raise timeoutMs`;
}

/** The errors of the requests of one connection. */
export class RequestErrors {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * @param packets - number of packets meanwhile that no request took
   * @param before - what else had arrived when the request was written
   */
  timeout(timeoutMs: number, packets: number, before: LineCounts, now: LineCounts, rule: ReplyRule): ConnectionError {
    const arrivals = describeArrivals(packets, before, now, rule);
    return this.#error('REPLY_TIMEOUT', `no reply within timeoutMs (${timeoutMs} ms); ${arrivals}`);
  }

  blocked(backlogBytes: number): ConnectionError {
    return this.#error(
      'REQUEST_BLOCKED',
      `the reply cannot be read: more than requestBacklogBytes (${backlogBytes}) of other packets wait for a handler or a ` +
        'loop that is busy, maybe with awaiting this request; await it elsewhere, or raise requestBacklogBytes',
    );
  }

  lost(cause: ConnectionError, delivered: Delivered | undefined): ConnectionError {
    const { code, message } = cause;
    const what = code === 'CONNECTION_LOST' ? 'the connection was lost' : 'the session ended';
    return this.#error(code, `${what} before the reply came: ${message}`, { cause, delivered });
  }

  shutDown(delivered: Delivered | undefined): ConnectionError {
    return this.#error('SHUTDOWN_TIMEOUT', 'shutdown was called before the reply came', { delivered });
  }

  released(delivered: Delivered | undefined): ConnectionError {
    return this.#error('CONNECTION_RELEASED', 'the connection was released before the reply came', { delivered });
  }

  fromDevice(code: number): ReplyError {
    const what =
      code === REPLY_CODES.handlerFailed
        ? 'its handler failed'
        : code === REPLY_CODES.noHandler
          ? 'it has no handler for this request'
          : 'its meaning is not defined';
    return new ReplyError(
      this.#name,
      code,
      `request to "${this.#name}": the device answered with error ${code}: ${what}`,
    );
  }

  #error(
    code: ConnectionError['code'],
    what: string,
    options?: ErrorOptions & { delivered?: Delivered | undefined },
  ): ConnectionError {
    return new ConnectionError(code, this.#name, `request to "${this.#name}": ${what}`, options);
  }
}
