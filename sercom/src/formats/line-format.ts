import type { PacketRecord } from '../records/record.js';

/** Formats a record as a line of text, without its line end. */
export type LineFormat = (record: PacketRecord) => string;
