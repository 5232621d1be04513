import { isoTime } from '../../../formats/times.js';
import { logLine } from '../../../records/log-line.js';
import { portEventLine, remarkLine } from '../../../records/log-notes.js';
import { PcapngEncoder } from '../../../sinks/pcapng-encoder.js';
import { count } from '../../../text/count.js';
import { escapeText } from '../../../text/escape.js';
import type { SaveRequest } from '../../protocol.js';
import type { PageModel } from '../page-model.js';
import { CsvWriter } from './csv-writer.js';
import type { RowWriter } from './saved-rows.js';

interface SaveFormat {
  readonly type: string;
  make(model: PageModel): RowWriter;
}

/** The formats in which the page saves packets. */
export const SAVE_FORMATS: Readonly<Record<SaveRequest['format'], SaveFormat>> = {
  log: { type: 'text/plain; charset=utf-8', make: logWriter },
  pcapng: { type: 'application/octet-stream', make: captureWriter },
  csv: {
    type: 'text/csv; charset=utf-8',
    make: ({ decoder, hasIds }) => new CsvWriter(decoder, hasIds),
  },
};

/** Like `--log`. */
function logWriter(): RowWriter {
  return {
    record(record, missedRows) {
      const missing = missedRows === 0 ? '' : `# ${missingText(missedRows)}\n`;
      return `${missing}${logLine(record.onWire ?? record)}\n`;
    },
    mark({ timeUs, kind, name, text }) {
      if (name !== undefined && (kind === 'connected' || kind === 'disconnected')) {
        return `${portEventLine({ timeUs, name, isConnected: kind === 'connected', text })}\n`;
      }
      const from = name === undefined ? '' : `"${name}": `;
      return `${remarkLine(`${escapeText(`${from}${text}`)}  ${isoTime(timeUs)}`)}\n`;
    },
  };
}

/** Like `--pcapng`. */
function captureWriter({ captureDecoder, hasIds, store }: PageModel): RowWriter {
  // No dissector knows of the id in front of a packet.
  const encoder = new PcapngEncoder(hasIds ? undefined : captureDecoder);
  return {
    header: () => encoder.header(store.names.all),
    record: (record, missedRows) =>
      encoder.record(record.onWire ?? record, missedRows === 0 ? undefined : missingText(missedRows)),
  };
}

function missingText(rows: number): string {
  return `${count(rows, 'row')} before this one missing: dropped before they could be saved`;
}
