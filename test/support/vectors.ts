import { readFileSync } from 'node:fs';

interface HexVector {
  readonly name: string;
  readonly packet: string;
  readonly frame: string;
}

interface HexVectors {
  readonly canonical: readonly HexVector[];
  readonly decodeOnly: readonly HexVector[];
  readonly malformed: readonly Omit<HexVector, 'packet'>[];
}

const vectors: HexVectors = JSON.parse(readFileSync(new URL('../vectors/cobs.json', import.meta.url), 'utf8'));

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const decoded = ({ name, packet, frame }: HexVector) => ({ name, packet: bytes(packet), frame: bytes(frame) });

/** Packets, and the frames that they must be encoded to. */
export const canonical = vectors.canonical.map(decoded);

/** Frames that must be accepted, although the encoder would not produce them. */
export const decodeOnly = vectors.decodeOnly.map(decoded);

/** Frames that must be rejected. */
export const malformed = vectors.malformed.map(({ name, frame }) => ({ name, frame: bytes(frame) }));

interface ChecksumVector {
  readonly name: string;
  readonly packet: string;
  readonly crc16: string;
  readonly crc32: string;
}

const checksumVectors: { packets: readonly ChecksumVector[] } = JSON.parse(
  readFileSync(new URL('../vectors/checksums.json', import.meta.url), 'utf8'),
);

/** Packets, and their checksums as they are on the wire. */
export const checksums = checksumVectors.packets.map(({ name, packet, crc16, crc32 }) => ({
  name,
  packet: bytes(packet),
  crc16: bytes(crc16),
  crc32: bytes(crc32),
}));
