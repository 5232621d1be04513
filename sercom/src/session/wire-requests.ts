import { randomInt } from 'node:crypto';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { PacketRecord } from '../records/record.js';
import type { RequestIdBytes } from '../records/request-ids.js';

/** A request that waits for its reply. */
export interface PendingRequest {
  readonly id: number;
  /** The record of the reply or of the error reply. Never rejects. */
  readonly reply: Promise<PacketRecord>;
  /** Stops waiting, and frees the id. */
  end(): void;
}

interface Requests {
  nextId: number;
  readonly waiting: Map<number, (reply: PacketRecord) => void>;
}

/**
 * Requests of a command that shows ids, so that the library leaves them in the packets: gives each an id, and finds its reply
 * among what is received.
 */
export class WireRequests {
  readonly #requests = new Map<string, Requests>();

  /**
   * Reserves an id.
   *
   * @throws CliError (failure) if all are in use
   */
  begin(name: string, idBytes: RequestIdBytes): PendingRequest {
    // The ids with the top bit belong to the device.
    const maxId = idBytes === 1 ? 0x7f : 0x7fff;
    let requests = this.#requests.get(name);
    if (requests === undefined) {
      // A reply to an earlier run must not match.
      requests = { nextId: randomInt(1, maxId + 1), waiting: new Map() };
      this.#requests.set(name, requests);
    }
    const { waiting } = requests;
    if (waiting.size >= maxId) {
      throw new CliError(ExitCode.failure, `${maxId} requests to "${name}" wait for their replies; try again later`);
    }
    while (waiting.has(requests.nextId)) {
      requests.nextId = following(requests.nextId, maxId);
    }
    const id = requests.nextId;
    // Each other id comes first, so that a late reply to this one is not taken for the reply to the next.
    requests.nextId = following(id, maxId);
    const reply = new Promise<PacketRecord>((resolve) => waiting.set(id, resolve));
    return { id, reply, end: () => void waiting.delete(id) };
  }

  /** Gives a reply to the request that waits for it. */
  received({ name, request, ...rest }: PacketRecord): void {
    if (request?.kind === 'reply' || request?.kind === 'error') {
      this.#requests.get(name)?.waiting.get(request.id)?.({ name, request, ...rest });
    }
  }
}

function following(id: number, maxId: number): number {
  return id === maxId ? 1 : id + 1;
}
