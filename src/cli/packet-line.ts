import type { Paint } from './colour.js';
import { escapeText, quotePacket } from './escape.js';
import type { LineFormat, PacketRecord } from './packet-record.js';

/** How many bytes the hex column has room for; longer packets push the text to the right. */
const HEX_COLUMN_BYTES = 8;

/**
 * The lines that people read: time, connection, direction, length, hex, and text or the reason of the rejection.
 *
 * @param names - all connections there are, so that the columns line up
 */
export function packetLine(names: readonly string[], paint: Paint): LineFormat {
  const labels = new Map(names.map((name) => [name, escapeText(name)]));
  const nameWidth = Math.max(...[...labels.values()].map((label) => label.length));
  return (record) => {
    const { timeUs, name, dir, length, bytes, error } = record;
    return [
      paint('dim', localTime(timeUs)),
      paint('cyan', (labels.get(name) ?? escapeText(name)).padEnd(nameWidth)),
      paint(dir === 'rx' ? 'green' : 'yellow', dir),
      String(length).padStart(5),
      spacedHex(record).padEnd(3 * HEX_COLUMN_BYTES - 1),
      error === undefined ? quotePacket(bytes) : paint('red', `rejected: ${error}`),
    ].join('  ');
  };
}

/** Time of day in the local time zone, with microseconds. */
function localTime(timeUs: number): string {
  const time = new Date(Math.floor(timeUs / 1000));
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${clock.join(':')}.${String(timeUs % 1_000_000).padStart(6, '0')}`;
}

function spacedHex({ bytes, length }: PacketRecord): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('hex')
    .replace(/..(?!$)/g, '$& ');
  return bytes.length < length ? `${hex} …` : hex;
}
