import fc from 'fast-check';
import { expect, vi } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { separateId } from '../../src/records/request-ids.js';
import type { FindAnswer, Kind, LocateAnswer, RowsAnswer } from '../../src/web/protocol.js';
import { WebPage } from '../../src/web/web-page.js';
import { parseExposition } from './exposition.js';
import { type FeedClient, PageClient } from './page-client.js';
import { described, hexOf, isPacket, type ModelPacket, type ModelRow, WebModel, withoutId } from './web-model.js';

const START_US = 1_700_000_000_000_000;
const REASONS = ['malformed', 'too-long', 'too-short', 'checksum'] as const;
const LENGTHS = [0, 1, 2, 3, 4, 5, 40, 253, 254, 255, 256, 508, 509];

/** A part of what comes: alike packets, any packets, one that is large, marks, or that somebody looks. */
interface Part {
  readonly what: 'alike' | 'mixed' | 'kinds' | 'names' | 'large' | 'mark' | 'look';
  readonly count: number;
  readonly seed: number;
}

export const parts: fc.Arbitrary<Part[]> = fc.array(
  fc.record({
    what: fc.constantFrom<Part['what'][]>(
      'alike',
      'alike',
      'mixed',
      'mixed',
      'kinds',
      'names',
      'large',
      'mark',
      'mark',
      'look',
    ),
    count: fc.oneof(fc.nat(5), fc.nat(300), fc.nat(1_500)),
    seed: fc.integer(),
  }),
  { minLength: 1, maxLength: 25, size: 'max' },
);

export const setups = fc.record({
  memoryBytes: fc.constantFrom<number[]>(20_000, 70_000, 300_000, 5_000_000),
  idBytes: fc.constantFrom(0 as const, 0 as const, 1 as const, 2 as const),
  leadingBytes: fc.constantFrom<number[]>(0, 1, 2, 4, 6, 7, 40),
  names: fc.constantFrom<string[][]>([], ['arm'], ['leg', 'unused', 'arm']),
});

interface Frame {
  readonly name: string;
  readonly dir: 'rx' | 'tx';
  readonly bytes: Uint8Array;
  readonly error?: (typeof REASONS)[number] | undefined;
  /** Which packets are heard in a session, so that there is a frame around them. */
  readonly frame?: number;
}

/** Filters, and what they mean. */
export const FILTERS: readonly (readonly [
  filter: string,
  matches: (packet: ModelPacket, shownName: string) => boolean,
])[] = [
  ['name=arm', (_, name) => name === 'arm'],
  ['dir=tx,length>=3', ({ dir, length }) => dir === 'tx' && length >= 3],
  ['length=1..254', ({ length }) => length >= 1 && length <= 254],
  ['bytes=03/0f', ({ bytes }) => bytes.length > 0 && (bytes[0]! & 0x0f) === 3],
  ['name=other*', (_, name) => name.startsWith('other')],
  ['length=77777', () => false],
];

/** A page, what went into it, and how to ask it. */
export class TruthRig {
  readonly model: WebModel;
  readonly page: WebPage;
  readonly client: PageClient;
  readonly #idBytes: 0 | 1 | 2;
  readonly #leadingBytes: number;
  readonly #memoryBytes: number;
  #nowUs = START_US;
  #random = 0;
  #names = 0;

  static async open({ memoryBytes, idBytes, leadingBytes, names }: SetupOf<typeof setups>): Promise<TruthRig> {
    const page = await WebPage.open({
      webMemoryBytes: memoryBytes,
      web: true,
      title: 'truth',
      isLive: false,
      names,
      decoder: undefined,
      captureDecoder: undefined,
      leadingBytes,
      requestIdBytes: idBytes === 0 ? undefined : idBytes,
    });
    return new TruthRig(page, names, idBytes, leadingBytes, memoryBytes);
  }

  constructor(page: WebPage, names: readonly string[], idBytes: 0 | 1 | 2, leadingBytes: number, memoryBytes: number) {
    this.page = page;
    const { hostname, port, hash } = new URL(page.url);
    this.client = new PageClient(hostname, Number(port), hash.slice('#token='.length));
    this.model = new WebModel(names);
    this.#idBytes = idBytes;
    this.#leadingBytes = leadingBytes;
    this.#memoryBytes = memoryBytes;
  }

  below(limit: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * limit);
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!;
  }

  /** Forward in small steps, equal, and back at times. */
  #time(): number {
    this.#nowUs += this.below(20) === 0 ? this.below(20_000) - 10_000 : this.below(3) * 10;
    return this.#nowUs;
  }

  async happen({ what, count, seed }: Part): Promise<void> {
    this.#random = seed >>> 0;
    const common = this.#packet();
    for (let index = 0; index < (what === 'large' || what === 'mark' ? Math.min(count, 3) : count); index++) {
      switch (what) {
        case 'alike': {
          const { name, dir } = common;
          this.#write({ name, dir, bytes: Uint8Array.of(this.below(3), index, this.below(2)) });
          break;
        }
        case 'kinds':
          this.#write({
            ...common,
            error: undefined,
            bytes: Uint8Array.of(index >> 8, index, 0, 0, index >> 8, index, 9),
          });
          break;
        case 'names':
          this.#write({ ...common, name: `board ${this.#names++}`, bytes: common.bytes.slice(0, 4) });
          break;
        case 'large':
          this.#write({ ...common, bytes: new Uint8Array(this.pick([65_535, 20_100, 300_000])).fill(this.below(9)) });
          break;
        case 'mark':
          this.#mark(index);
          break;
        case 'mixed':
          this.#write(this.#packet());
          break;
        case 'look':
          break;
      }
    }
    if (what === 'look') {
      await new Promise((resolve) => setImmediate(resolve));
      await this.checkCounts();
    }
  }

  #packet(): Frame {
    const bytes = Uint8Array.from({ length: this.pick(LENGTHS) }, () => this.pick([0, 1, 2, 3, 0x80, 0x81, 0xff]));
    const error = this.below(5) === 0 ? this.pick(REASONS) : undefined;
    const dir = error === undefined ? this.pick(['rx', 'tx'] as const) : ('rx' as const);
    return { name: this.pick(['arm', 'leg', 'a b,*']), dir, bytes, error, frame: this.below(6) };
  }

  #write({ name, dir, bytes, error, frame }: Frame): void {
    const timeUs = this.#time();
    const length = error === undefined ? bytes.length : bytes.length + this.below(3) * 70_000;
    const record: PacketRecord = { timeUs, name, dir, length, bytes };
    if (error !== undefined) {
      record.error = error;
    }
    let plain = record;
    if (frame === 1 && error === undefined && this.#idBytes === 0 && bytes.length > 2) {
      // A frame of a session that is heard: two bytes around the packet.
      const part = this.below(2) === 0 ? bytes.subarray(1, -1) : bytes.slice(1, -1);
      plain = {
        timeUs,
        name,
        dir,
        length: part.length,
        bytes: part,
        heard: { type: 'data', number: 7 },
        onWire: record,
      };
    }
    this.page.write(separateId(plain, this.#idBytes === 0 ? undefined : this.#idBytes));
    const { onWire: _, heard: __, ...shown } = plain;
    this.model.add(withoutId({ ...shown, wire: record }, this.#idBytes));
  }

  #mark(index: number): void {
    const timeUs = this.#time();
    const name = this.pick(['arm', 'leg', 'late']);
    if (this.below(3) === 0) {
      this.page.event({ timeUs, name, dir: 'rx', event: 'began', text: `began ${index}` });
      this.model.add({ timeUs, mark: 'session', name, text: `rx: began ${index}` });
    } else if (this.below(2) === 0) {
      this.page.note({ kind: 'remark', timeUs, text: `"${index}"` });
      this.model.add({ timeUs, mark: 'marker', text: `"${index}"` });
    } else {
      const isConnected = this.below(2) === 0;
      const [mark, text] = isConnected ? ['connected', 'connected'] : ['disconnected', 'gone'];
      this.page.portChanged({ timeUs, name, isConnected, text: text! });
      this.model.add({ timeUs, mark: mark!, name, text: text! });
    }
  }

  async checkCounts(): Promise<void> {
    const families = parseExposition((await this.client.get('/metrics')).body.toString());
    const short: Record<string, string> = {
      sercom_packets_total: 'packets',
      sercom_packet_bytes_total: 'bytes',
      sercom_rejected_frames_total: 'rejected',
    };
    const samples = families.flatMap(({ name, samples: all }) =>
      all.map(({ labels, value }) => [[short[name] ?? name, ...Object.values(labels)].join(' '), value] as const),
    );
    expect(Object.fromEntries(samples.filter(([name]) => !name.startsWith('sercom_')))).toEqual(this.model.samples());
    const others = Object.fromEntries(samples);
    const dropped = this.model.rows.slice(0, -others.sercom_web_held_rows! || undefined).map(isPacket);
    const droppedBy = ['rows', 'marks'].map((what) => others[`sercom_web_dropped_${what}_total`]);
    expect(droppedBy).toEqual([true, false].map((is) => dropped.filter((each) => each === is).length));
    expect(others.sercom_web_held_bytes).toBeLessThanOrEqual(this.#memoryBytes);
  }

  /** A feed that has everything. */
  async feed(): Promise<FeedClient> {
    const feed = await this.client.feed();
    const { latest } = feed;
    await feed.until(() => latest.matching?.isComplete === true && latest.held?.end === this.model.rows.length);
    return feed;
  }

  /** Statuses are made twice a second, so the last ones may be still to come. */
  async checkStatuses(feed: FeedClient): Promise<void> {
    const samples = this.model.samples();
    const expected = this.model.names.map((name) => {
      const rejected = REASONS.map((reason) => [reason, samples[`rejected ${name} ${reason}`]!] as const);
      return {
        receivedPackets: samples[`packets ${name} received`],
        receivedBytes: samples[`bytes ${name} received`],
        sentPackets: samples[`packets ${name} sent`],
        sentBytes: samples[`bytes ${name} sent`],
        rejected: Object.fromEntries(rejected.filter(([, count]) => count > 0)),
      };
    });
    const check = () => {
      expect(feed.latest.connections ?? []).toMatchObject(expected);
      expect((feed.latest.connections ?? []).map(({ rejected }) => rejected)).toEqual(
        expected.map(({ rejected }) => rejected),
      );
    };
    await vi.waitFor(check, { timeout: 20_000 });
    expect(feed.names).toEqual(this.model.names);
  }

  async checkKinds(): Promise<void> {
    const feed = await this.client.feed();
    const { kinds, forgotten } = this.model.kinds(this.#leadingBytes);
    await feed.show({ kinds: true });
    await feed.until(() => kinds.length === 0 || feed.latest.kinds !== undefined);
    const got = (feed.latest.kinds ?? []).toSorted((a, b) => a.key - b.key);
    expect(got.map(({ text: _, filter: __, ...kind }: Kind) => kind)).toEqual(kinds);
    expect(feed.latest.forgottenKinds ?? 0).toBe(forgotten);
    feed.close();
  }

  /** The rows of a feed, through all positions, against those of the model that match. */
  async checkRows(feed: FeedClient, matches: (row: ModelRow) => boolean): Promise<number[]> {
    const { model } = this;
    const { first, end } = feed.latest.matching!;
    const held = feed.latest.held!;
    const expected = model.rows.flatMap((row, index) => (index >= held.first && matches(row) ? [index] : []));
    expect([end - first, held.end]).toEqual([expected.length, model.rows.length]);
    const times = model.rows
      .slice(held.first)
      .map(({ timeUs }) => timeUs)
      .sort((a, b) => a - b);
    expect([held.firstTimeUs, held.lastTimeUs]).toEqual([times[0], times.at(-1)]);
    for (let position = first; position < end; position += 500) {
      const answer = await this.client.ask<RowsAnswer>('rows', { feed: feed.id, position, count: 500 });
      expect(answer.position).toBe(position);
      const plain = answer.rows.map((row) => ('mark' in row ? row : { ...row, text: undefined }));
      const wanted = expected.slice(position - first, position - first + 500).map((row) => described(model, row));
      expect(plain).toEqual(wanted);
    }
    return expected;
  }

  async checkSearches(feed: FeedClient, matching: readonly number[]): Promise<void> {
    const { first, end } = feed.latest.matching!;
    const held = feed.latest.held!.first;
    const rows = this.model.rows;
    const ask = <Answer>(api: string, request: object) => this.client.ask<Answer>(api, { feed: feed.id, ...request });
    const at = (index: number) => (index < 0 ? {} : { position: first + index, row: matching[index] });
    for (let time = 0; time < 4; time++) {
      const timeUs = this.pick(rows).timeUs + this.below(3) - 1;
      const later = rows.flatMap((each, row) =>
        row >= held && each.timeUs >= timeUs ? [[each.timeUs, row] as const] : [],
      );
      const [found] = later.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      const row = found?.[1] ?? rows.length;
      for (const where of [{ timeUs }, { row: this.below(rows.length + 2) }]) {
        const from = 'row' in where ? where.row! : row;
        const index = matching.findIndex((each) => each >= from);
        const expected = index < 0 ? { position: end } : at(index);
        expect(await ask<LocateAnswer>('locate', where)).toEqual(expected);
      }
      const wanted = this.pick([Uint8Array.of(this.below(3), 0x80), Uint8Array.of(2, 3, this.below(4))]);
      const has = (index: number) => {
        const each = rows[matching[index]!]!;
        return isPacket(each) && hexPairs(each.bytes).includes(hexPairs(wanted));
      };
      const position = this.below(end + 2);
      const what = `0x${hexOf(wanted)}`;
      let forward = Math.max(0, position - first);
      while (forward < matching.length && !has(forward)) forward++;
      expect(await ask<FindAnswer>('find', { what, position })).toEqual(at(forward < matching.length ? forward : -1));
      let backward = Math.min(position - first, matching.length - 1);
      while (backward >= 0 && !has(backward)) backward--;
      expect(await ask<FindAnswer>('find', { what, position, backward: true })).toEqual(at(backward));
    }
  }

  /** The lines of a log that is saved. */
  async checkSaved(feed: FeedClient, matches: (row: ModelRow) => boolean): Promise<void> {
    const log = (await this.client.post('save', { format: 'log', feed: feed.id })).body.toString().split('\n');
    const rows = this.model.rows.slice(feed.latest.held!.first).filter(matches);
    const names = this.model.names;
    const line = (packet: ModelPacket) => {
      const { bytes, length, error } = packet.wire;
      const name = names[this.model.nameIndex(packet.name)]!.replaceAll(' ', '%20');
      const time = `(${Math.floor(packet.timeUs / 1e6)}.${String(packet.timeUs % 1e6).padStart(6, '0')})`;
      return `${time} ${name} ${error === undefined ? packet.dir : `rx!${error}/${length}`}#${hexOf(bytes)}`;
    };
    expect(log.filter((each) => each.startsWith('('))).toEqual(rows.filter(isPacket).map(line));
    expect(log.filter((each) => each.startsWith('#'))).toHaveLength(rows.filter((row) => !isPacket(row)).length);
  }
}

/** With a separator, so that bytes are found at bytes only. */
function hexPairs(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');
}

type SetupOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Setup> ? Setup : never;
