import type { PacketRecord, RequestId, RequestKind } from './record.js';

/** How many bytes an id has. */
export type RequestIdBytes = 1 | 2;

/** Every kind of packet with an id. */
export const REQUEST_KINDS = ['plain', 'request', 'reply', 'error'] as const satisfies readonly RequestKind[];

/** The width of a column for kinds. */
export const KIND_COLUMNS = Math.max(...REQUEST_KINDS.map(({ length }) => length));

/** What the codes of error replies mean. */
const REPLY_CODES: Readonly<Record<number, string>> = { 1: 'the handler failed', 2: 'there is no handler' };

/** What an error reply says, for people; `undefined` for other packets. */
export function errorReplyText({ request }: PacketRecord): string | undefined {
  if (request?.kind !== 'error') {
    return undefined;
  }
  return request.code === undefined ? 'malformed error reply' : `error ${replyCodeText(request.code)}`;
}

/** The code of an error reply and what it means. */
export function replyCodeText(code: number): string {
  return `${code}: ${REPLY_CODES[code] ?? 'unknown code'}`;
}

/** The packet as it is on the wire, with its id in front. The id of a packet that is neither request nor reply is 0. */
export function withId(packet: Uint8Array, idBytes: RequestIdBytes, id: number): Uint8Array {
  const bytes = new Uint8Array(idBytes + packet.length);
  bytes[idBytes - 1] = id & 0xff;
  if (idBytes === 2) {
    bytes[0] = id >> 8;
  }
  bytes.set(packet, idBytes);
  return bytes;
}

/**
 * Separates the id of a packet from its payload, which is what everything but recordings gets. A packet that is too short
 * for its id becomes a rejected one. Rejected frames and raw bytes stay as they are.
 *
 * @param idBytes - Default: packets have no ids
 */
export function separateId(record: PacketRecord, idBytes: RequestIdBytes | undefined): PacketRecord {
  if (idBytes === undefined || record.error !== undefined || record.isRaw || record.isHidden) {
    return record;
  }
  const { timeUs, name, dir, length, bytes, heard, onWire = record } = record;
  if (length < idBytes) {
    return { ...record, error: 'too-short', onWire };
  }
  const payload = bytes.subarray(idBytes);
  const request = requestIdOf(idAt(bytes, 0, idBytes), payload, dir, idBytes);
  // Not a spread object: V8 takes a hundred times as long to find that such an object lacks a property.
  const separated: PacketRecord = { timeUs, name, dir, length: length - idBytes, bytes: payload, request, onWire };
  if (heard !== undefined) {
    separated.heard = heard;
  }
  return separated;
}

function requestIdOf(id: number, payload: Uint8Array, dir: 'rx' | 'tx', idBytes: RequestIdBytes): RequestId {
  const topBit = idBytes === 1 ? 0x80 : 0x8000;
  if (id === 0) {
    return { kind: 'plain', id };
  }
  if (id === topBit) {
    return payload.length === idBytes + 1
      ? { kind: 'error', id: idAt(payload, 0, idBytes), code: payload[idBytes]! }
      : { kind: 'error', id };
  }
  // Ids with the top bit are those of the device's requests.
  const isOwnRequest = dir === 'tx' ? id < topBit : id > topBit;
  return { kind: isOwnRequest ? 'request' : 'reply', id };
}

/** Most significant byte first. */
function idAt(bytes: Uint8Array, at: number, idBytes: RequestIdBytes): number {
  return idBytes === 1 ? bytes[at]! : bytes[at]! * 0x100 + bytes[at + 1]!;
}
