/**
 * What the live page must say, as a plain list of everything that came. It shares no code with the page, and looks at each
 * row for each question.
 */

/** A packet or a rejected frame, as it is on the wire, and what it is without its id or its frame. */
export interface ModelPacket {
  readonly timeUs: number;
  readonly name: string;
  readonly dir: 'rx' | 'tx';
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly error?: string;
  readonly request?: { readonly kind: string; readonly id: number; readonly problem?: string };
  readonly wire: { readonly bytes: Uint8Array; readonly length: number; readonly error?: string };
}

interface ModelMark {
  readonly timeUs: number;
  readonly mark: string;
  readonly name?: string;
  readonly text: string;
}

export type ModelRow = ModelPacket | ModelMark;

const MAX_NAMES = 1_000;
const MAX_KINDS = 1_000;
const KIND_BYTES = 32;

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function isPacket(row: ModelRow): row is ModelPacket {
  return 'dir' in row;
}

/** What a mark or a packet is, with the row, but without texts that are made of bytes. */
export function described(model: WebModel, row: number): Record<string, unknown> {
  const each = model.rows[row]!;
  const { timeUs, name } = each;
  const index = name === undefined ? {} : { name: model.nameIndex(name) };
  if (!isPacket(each)) {
    return { row, timeUs, mark: each.mark, ...index, text: each.text };
  }
  const { dir, length, bytes, error, request } = each;
  const problem = error === undefined ? request?.problem : `rejected: ${error}`;
  return {
    row,
    timeUs,
    dir,
    ...index,
    length,
    hex: hexOf(bytes.slice(0, 64)),
    ...(request && { kind: request.kind, id: request.id }),
    ...(problem !== undefined && { problem }),
  };
}

interface ModelKind {
  readonly key: number;
  count: number;
  readonly firstUs: number;
  last: ModelPacket;
  before?: ModelPacket;
}

export class WebModel {
  readonly rows: ModelRow[] = [];
  readonly names: string[];

  constructor(names: readonly string[] = []) {
    this.names = [...names];
  }

  add(row: ModelRow): void {
    this.rows.push(row);
    if (row.name !== undefined && this.names.indexOf(row.name) < 0) {
      const name = this.names.length < MAX_NAMES ? row.name : 'other connections';
      if (!this.names.includes(name)) {
        this.names.push(name);
      }
    }
  }

  nameIndex(name: string): number {
    const index = this.names.indexOf(name);
    return index < 0 ? this.names.indexOf('other connections') : index;
  }

  get packets(): ModelPacket[] {
    return this.rows.filter(isPacket);
  }

  /** The samples of /metrics that come from packets, by name, connection and another label. */
  samples(): Record<string, number> {
    const samples: Record<string, number> = {};
    for (const name of this.names) {
      for (const direction of ['received', 'sent']) {
        samples[`packets ${name} ${direction}`] = 0;
        samples[`bytes ${name} ${direction}`] = 0;
      }
      for (const reason of ['malformed', 'too-long', 'too-short', 'checksum']) {
        samples[`rejected ${name} ${reason}`] = 0;
      }
    }
    for (const { name, dir, length, error } of this.packets) {
      const shown = this.names[this.nameIndex(name)];
      const direction = dir === 'rx' ? 'received' : 'sent';
      if (error === undefined) {
        samples[`packets ${shown} ${direction}`]! += 1;
        samples[`bytes ${shown} ${direction}`]! += length;
      } else {
        samples[`rejected ${shown} ${error}`]! += 1;
      }
    }
    return samples;
  }

  /** The kinds that are known after every packet was added by itself, by what identifies them, and how many were forgotten. */
  kinds(leadingBytes: number): { kinds: Record<string, unknown>[]; forgotten: number } {
    // In the order in which they were seen last.
    const known = new Map<string, ModelKind>();
    let forgotten = 0;
    let key = 0;
    for (const packet of this.packets) {
      const { name, dir, bytes, error, request } = packet;
      const lead = hexOf(bytes.slice(0, leadingBytes));
      const what = JSON.stringify([this.nameIndex(name), dir, request?.kind, error, lead]);
      const kind = known.get(what) ?? { key: key++, count: 0, firstUs: packet.timeUs, last: packet };
      if (kind.count++ > 0) {
        kind.before = kind.last;
      }
      kind.last = packet;
      known.delete(what);
      known.set(what, kind);
      if (known.size > MAX_KINDS) {
        known.delete([...known.keys()][0]!);
        forgotten++;
      }
    }
    const kinds = [...known.values()].sort((a, b) => a.key - b.key).map((kind) => this.#kind(kind));
    return { kinds, forgotten };
  }

  #kind({ key, count, firstUs, last, before }: ModelKind): Record<string, unknown> {
    const { name, dir, timeUs, length, error, request } = last;
    const kept = last.bytes.slice(0, KIND_BYTES);
    const problem = error === undefined ? request?.problem : `rejected: ${error}`;
    const keptBefore = before?.bytes.slice(0, KIND_BYTES);
    return {
      key,
      name: this.nameIndex(name),
      dir,
      ...(request && { request: request.kind }),
      ...(problem !== undefined && { problem }),
      count,
      ...(count > 1 && { intervalUs: (timeUs - firstUs) / (count - 1) }),
      lastTimeUs: timeUs,
      length,
      hex: hexOf(kept),
      changed: Array.from(kept.keys()).filter((index) => keptBefore && kept[index] !== keptBefore[index]),
    };
  }
}

/** A packet with an id in front, as docs/requests.md has it. Rejected frames have none. */
export function withoutId(packet: ModelPacket, idBytes: 0 | 1 | 2): ModelPacket {
  const { bytes, length, dir, error } = packet;
  if (idBytes === 0 || error !== undefined) {
    return packet;
  }
  if (length < idBytes) {
    return { ...packet, error: 'too-short' };
  }
  const number = (all: Uint8Array) => all.slice(0, idBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  const id = number(bytes);
  const rest = bytes.slice(idBytes);
  return { ...packet, bytes: rest, length: length - idBytes, request: requestOf(id, rest, dir, idBytes, number) };
}

function requestOf(id: number, rest: Uint8Array, dir: string, idBytes: number, number: (all: Uint8Array) => number) {
  const ofDevice = 2 ** (8 * idBytes - 1);
  if (id === 0) {
    return { kind: 'plain', id };
  }
  if (id !== ofDevice) {
    return { kind: (dir === 'rx') === id > ofDevice ? 'request' : 'reply', id };
  }
  if (rest.length !== idBytes + 1) {
    return { kind: 'error', id, problem: 'malformed error reply' };
  }
  const code = rest[idBytes]!;
  const meaning = ['', 'the handler failed', 'there is no handler'][code] || 'unknown code';
  return { kind: 'error', id: number(rest), problem: `error ${code}: ${meaning}` };
}
