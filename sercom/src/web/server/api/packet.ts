import { decodeRecord } from '../../../formats/decoded.js';
import type { PacketRecord } from '../../../records/record.js';
import type { PacketAnswer } from '../../protocol.js';
import type { PageModel } from '../page-model.js';
import { Refusal } from '../refusal.js';
import type { Route } from '../web-server.js';

/** POST /api/packet: everything of one row. */
export function packetRoute(model: PageModel): Route {
  return {
    method: 'POST',
    async answer(exchange) {
      const row = (await exchange.fields()).integer('row', 0);
      // One object, so that it is decoded once.
      const record = model.store.payload(row);
      const detail = model.rows.detail(row, record);
      if (detail === undefined) {
        const { first } = model.store;
        throw new Refusal(
          'gone',
          row < first ? 'this row has been dropped, to stay within --web-memory' : 'there is no such row',
        );
      }
      exchange.json({ ...detail, series: seriesOf(record) } satisfies PacketAnswer);
    },
  };

  function seriesOf(record: PacketRecord | undefined): PacketAnswer['series'] {
    const decoded = record && model.decoder && decodeRecord(record, model.decoder);
    if (record === undefined || decoded === undefined || !('value' in decoded)) {
      return [];
    }
    const origin = { name: model.store.names.indexOf(record.name), dir: record.dir };
    return model.series.numbersOf(origin, decoded.value.value);
  }
}
