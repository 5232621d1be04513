import type { RecordDecoder } from '../../decoders/record-decoder.js';
import { decodeRecord } from '../../formats/decoded.js';
import { hexdump } from '../../formats/hexdump.js';
import type { PacketRecord } from '../../records/record.js';
import { errorReplyText } from '../../records/request-ids.js';
import { escapeText, quotePacket } from '../../text/escape.js';
import { toHex } from '../../text/hex.js';
import { shorten } from '../../text/shorten.js';
import type { MarkRow, PacketAnswer, PacketRow, Row } from '../protocol.js';
import type { Mark, PacketStore } from '../store/packet-store.js';
import { escapedValue } from './escaped-value.js';

/** How many bytes of a packet a row shows. */
export const SHOWN_BYTES = 64;

/** How many bytes the details of a packet show. */
const DETAIL_BYTES = 262_144;

const DECODED_CHARACTERS = 200;

/** A mark can be as long as the name of a file. */
const MARK_CHARACTERS = 1_000;

/** Makes what the page shows of the rows of a store. Everything in it is escaped. */
export class Rows {
  readonly #store: PacketStore;
  readonly #decoder: RecordDecoder | undefined;

  constructor(store: PacketStore, decoder: RecordDecoder | undefined) {
    this.#store = store;
    this.#decoder = decoder;
  }

  /** Undefined if the row is not held. */
  row(row: number): Row | undefined {
    const record = this.#store.payload(row);
    if (record !== undefined) {
      return this.#packetRow(row, record);
    }
    const mark = this.#store.markAt(row);
    return mark && this.markRow(row, mark);
  }

  markRow(row: number, { timeUs, kind, name, text }: Mark): MarkRow {
    return {
      row,
      timeUs,
      mark: kind,
      ...(name !== undefined && { name: this.#store.names.indexOf(name) }),
      text: escapeText(shorten(text, MARK_CHARACTERS)),
    };
  }

  /**
   * What the page shows of one row, except its series. Undefined if the row is not held.
   *
   * @param record - of the row. Undefined if it has none
   */
  detail(row: number, record: PacketRecord | undefined): Omit<PacketAnswer, 'series'> | undefined {
    if (record === undefined) {
      const mark = this.row(row);
      return mark && { row: mark, hex: '', dump: '', text: '' };
    }
    const bytes = record.bytes.subarray(0, DETAIL_BYTES);
    const decoded = this.#decoder && decodeRecord(record, this.#decoder);
    return {
      row: this.#packetRow(row, record),
      hex: toHex(bytes),
      dump: hexdump(bytes, undefined, record.length),
      text: quotePacket(bytes),
      ...(decoded !== undefined && 'value' in decoded && { value: escapedValue(decoded.value.value) }),
    };
  }

  #packetRow(row: number, record: PacketRecord): PacketRow {
    const { timeUs, name, dir, length, bytes, error, request } = record;
    const shown = bytes.subarray(0, SHOWN_BYTES);
    const decoded = this.#decoder && decodeRecord(record, this.#decoder);
    const problem = error === undefined ? errorReplyText(record) : `rejected: ${error}`;
    return {
      row,
      timeUs,
      dir,
      name: this.#store.names.indexOf(name),
      length,
      hex: toHex(shown),
      text: quotePacket(shown),
      ...(request !== undefined && { kind: request.kind, id: request.id }),
      ...(decoded !== undefined &&
        ('value' in decoded
          ? { decoded: escapeText(shorten(decoded.value.text, DECODED_CHARACTERS)) }
          : { problem: escapeText(decoded.problem) })),
      ...(problem !== undefined && { problem }),
    };
  }
}
