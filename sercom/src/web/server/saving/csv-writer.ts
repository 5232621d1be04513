import type { RecordDecoder } from '../../../decoders/record-decoder.js';
import { decodeRecord } from '../../../formats/decoded.js';
import { isoTime } from '../../../formats/times.js';
import type { PacketRecord } from '../../../records/record.js';
import { errorReplyText } from '../../../records/request-ids.js';
import { count } from '../../../text/count.js';
import { csvCell } from '../../../text/csv.js';
import { escapePacket, escapeText } from '../../../text/escape.js';
import { toHex } from '../../../text/hex.js';
import type { Mark } from '../../store/packet-store.js';
import type { RowWriter } from './saved-rows.js';

/** CSV with a line for each packet, rejected frame and mark. Everything in it is escaped. */
export class CsvWriter implements RowWriter {
  readonly #decoder: RecordDecoder | undefined;
  readonly #hasIds: boolean;

  constructor(decoder: RecordDecoder | undefined, hasIds: boolean) {
    this.#decoder = decoder;
    this.#hasIds = hasIds;
  }

  header(): string {
    return this.#line(['time', 'name', 'dir', 'length', 'hex', 'text', 'problem'], ['kind', 'id'], 'decoded');
  }

  record(record: PacketRecord, missedRows: number): string {
    const { timeUs, name, dir, length, bytes, error, request } = record;
    const decoded = this.#decoder && decodeRecord(record, this.#decoder);
    const problem =
      error === undefined
        ? (errorReplyText(record) ?? (decoded !== undefined && 'problem' in decoded ? decoded.problem : ''))
        : `rejected: ${error}`;
    const missing =
      missedRows === 0
        ? ''
        : this.#line(['', '', '', '', '', '', `${count(missedRows, 'row')} dropped before they could be saved`]);
    const cells = [isoTime(timeUs), name, dir, String(length), toHex(bytes), escapePacket(bytes), problem];
    const value = decoded !== undefined && 'value' in decoded ? decoded.value.text : '';
    return `${missing}${this.#line(cells, request && [request.kind, String(request.id)], value)}`;
  }

  mark({ timeUs, name = '', kind, text }: Mark): string {
    return this.#line([isoTime(timeUs), name, kind, '', '', text, '']);
  }

  #line(cells: readonly string[], ids: readonly string[] = ['', ''], decoded = ''): string {
    const all = [...cells, ...(this.#hasIds ? ids : []), ...(this.#decoder === undefined ? [] : [decoded])];
    return `${all.map((cell) => csvCell(escapeText(cell))).join(',')}\n`;
  }
}
