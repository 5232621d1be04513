import { readFileSync } from 'node:fs';

/** A packet with an id, as it is on the wire. */
export interface RequestVector {
  readonly name: string;
  readonly idBytes: 1 | 2;
  readonly from: 'host' | 'device';
  /** What it is to its receiver: the device, if it is from the host. A `lateReply` belongs to no request, whichever wait. */
  readonly kind: 'plain' | 'request' | 'reply' | 'errorReply' | 'lateReply' | 'tooShort';
  /** Missing if `kind` is `tooShort`. */
  readonly id?: number;
  /** What follows the id. Missing if `kind` is `tooShort` or `errorReply`. */
  readonly payload?: Uint8Array;
  /** Only if `kind` is `errorReply`. */
  readonly requestId?: number;
  /** Only if `kind` is `errorReply`. */
  readonly code?: number;
  /** The id and what follows it. */
  readonly packet: Uint8Array;
  /** The COBS encoding of `packet`, without a checksum. */
  readonly frame: Uint8Array;
}

type HexVector = {
  readonly [Key in keyof RequestVector]: RequestVector[Key] extends Uint8Array | undefined
    ? string
    : RequestVector[Key];
};

const vectors: { packets: readonly HexVector[] } = JSON.parse(
  readFileSync(new URL('../vectors/requests.json', import.meta.url), 'utf8'),
);

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

/** Packets with ids that every implementation of them must make and understand. */
export const requestVectors: readonly RequestVector[] = vectors.packets.map(({ payload, packet, frame, ...rest }) => ({
  ...rest,
  ...(payload !== undefined && { payload: bytes(payload) }),
  packet: bytes(packet),
  frame: bytes(frame),
}));
