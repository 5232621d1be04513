import { readFileSync } from 'node:fs';

/** A frame of the dialog in `docs/wire.md`. */
export interface HeardFrame {
  from: 'host' | 'device';
  /** On the wire, with its delimiter, in hex. */
  wire: string;
  /** Without COBS, in hex: what a connection receives that listens. */
  packet: string;
}

const VECTORS: { dialog: { from: HeardFrame['from']; wire: string; body: string; crc: string }[] } = JSON.parse(
  readFileSync(new URL('../../../test/vectors/delivery.json', import.meta.url), 'utf8'),
);

/** The dialog in `docs/wire.md`: a handshake, five packets of which one is repeated, and a datagram. */
export const DIALOG: readonly HeardFrame[] = VECTORS.dialog.map(({ from, wire, body, crc }) => ({
  from,
  wire,
  packet: body + crc,
}));

/** The dialog as a log of one connection: the device is received, the host is sent. */
export const DIALOG_LOG = DIALOG.map(
  ({ from, packet }, index) =>
    `(1700000000.${String(index).padStart(2, '0')}0000) arm ${from === 'device' ? 'rx' : 'tx'}#${packet}\n`,
).join('');
