import type { RecordDecoder } from '../decoders/record-decoder.js';
import type { PacketRecord, RequestId } from '../records/record.js';
import { escapeJson } from '../text/escape.js';
import { toHex } from '../text/hex.js';
import { decodeRecord } from './decoded.js';
import { isoTime } from './times.js';

/**
 * Formats a record as a JSON object: `ts`, `name`, `dir`, `length`, `hex`; `id` and `kind` if packets have ids, and `code` for
 * an error reply; `frame` and `number` in a session that is heard; `decoded` if the packet was decoded; `error` for a rejected frame and for a packet that could not be
 * decoded (it then begins with `decode: `); `raw` for bytes as they arrived.
 */
export function jsonLine(record: PacketRecord, decoder?: RecordDecoder): string {
  const { timeUs, name, dir, length, bytes, isRaw, request, heard } = record;
  const hex = toHex(bytes);
  // Built by hand, because only the name needs escaping: searching the whole line took longer than everything else.
  const line = `{"ts":"${isoTime(timeUs)}","name":${quotedName(name)},"dir":"${dir}"${request === undefined ? '' : requestFields(request)},"length":${length},"hex":"${hex}"${heard === undefined ? '' : `,"frame":"${heard.type}","number":${heard.number}`}`;
  const decoded = decoder && decodeRecord(record, decoder);
  const value = decoded !== undefined && 'value' in decoded ? `,"decoded":${escapeJson(decoded.value.value)}` : '';
  const error = decoded !== undefined && 'problem' in decoded ? `decode: ${decoded.problem}` : record.error;
  return `${line}${isRaw ? ',"raw":true' : ''}${value}${error === undefined ? '' : `,"error":${escapeJson(error)}`}}`;
}

function requestFields({ id, kind, code }: RequestId): string {
  return `,"id":${id},"kind":"${kind}"${code === undefined ? '' : `,"code":${code}`}`;
}

let lastName: string | undefined;
let lastQuotedName = '';

/** The name as JSON. It is usually that of the record before, so that one is kept. */
function quotedName(name: string): string {
  if (name !== lastName) {
    lastName = name;
    lastQuotedName = escapeJson(name);
  }
  return lastQuotedName;
}
