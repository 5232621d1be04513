import type { JsonValue, PacketAnswer } from '../../src/web/protocol.js';

/** A part of a decoded packet, for the tree that shows it. */
export interface ValueNode {
  /** Its name or its place in its parent; empty for the whole packet. */
  readonly key: string;
  /** What it holds, on one line. */
  readonly text: string;
  readonly kind: 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';
  /** The series that has this number. */
  readonly series?: number;
  /** How many parts it has. */
  readonly size: number;
  /** Its parts from `first` on, as many as `count`. */
  children(first: number, count: number): ValueNode[];
}

/** What is written after a node that holds others is cut to this. */
const MAX_PREVIEW = 80;

/**
 * The tree of a decoded packet. Its nodes are made when they are asked for: a packet can have a million.
 *
 * @param pathOf - of a series by its index
 */
export function valueTree({ value, series }: PacketAnswer, pathOf: (series: number) => string): ValueNode | undefined {
  if (value === undefined) {
    return undefined;
  }
  const byPath = new Map(series.map((each) => [pathOf(each.series), each.series]));
  return nodeOf('', value, '', byPath);
}

function nodeOf(key: string, value: JsonValue, path: string, series: ReadonlyMap<string, number>): ValueNode {
  if (typeof value !== 'object' || value === null) {
    return leafOf(key, value, typeof value === 'number' ? series.get(path) : undefined);
  }
  const isArray = Array.isArray(value);
  const keys = isArray ? undefined : Object.keys(value);
  const size = isArray ? value.length : keys!.length;
  return {
    key,
    kind: isArray ? 'array' : 'object',
    text: preview(value),
    size,
    children(first, count) {
      const nodes: ValueNode[] = [];
      for (let index = first; index < Math.min(size, first + count); index++) {
        const name = keys?.[index];
        const part = name === undefined ? (value as readonly JsonValue[])[index] : partOf(value, name);
        const at = name === undefined ? `${path}[${index}]` : memberPath(path, name);
        nodes.push(nodeOf(name ?? String(index), part ?? null, at, series));
      }
      return nodes;
    },
  };
}

function leafOf(key: string, value: null | boolean | number | string, series: number | undefined): ValueNode {
  const kind = value === null ? 'null' : (typeof value as 'boolean' | 'number' | 'string');
  const text = typeof value === 'string' ? `"${value}"` : String(value);
  return { key, kind, text, size: 0, children: () => [], ...(series !== undefined && { series }) };
}

/** The path of a member, as the series of the server have it. The key is escaped already, as it is there. */
function memberPath(parent: string, key: string): string {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)) {
    return `${parent}["${key}"]`;
  }
  return parent === '' ? key : `${parent}.${key}`;
}

/** The beginning of a value on one line. Looks at no more of it than it shows. */
function preview(value: JsonValue): string {
  let text = '';
  const add = (part: JsonValue | undefined): void => {
    if (text.length > MAX_PREVIEW || part === undefined) {
      return;
    }
    if (typeof part === 'string') {
      text += `"${part.slice(0, MAX_PREVIEW)}"`;
    } else if (typeof part !== 'object' || part === null) {
      text += String(part);
    } else if (Array.isArray(part)) {
      addAll('[', part.keys(), (index) => add(part[index]), ']');
    } else {
      addAll('{', Object.keys(part), (key) => addMember(key, partOf(part, key)), '}');
    }
  };
  const addMember = (key: string, part: JsonValue | undefined): void => {
    text += `${key.slice(0, MAX_PREVIEW)}: `;
    add(part);
  };
  const addAll = <Key>(open: string, keys: Iterable<Key>, addPart: (key: Key) => void, close: string): void => {
    text += open;
    let isFirst = true;
    for (const key of keys) {
      if (text.length > MAX_PREVIEW) {
        break;
      }
      if (!isFirst) {
        text += ', ';
      }
      isFirst = false;
      addPart(key);
    }
    text += close;
  };
  add(value);
  return text.length > MAX_PREVIEW ? `${text.slice(0, MAX_PREVIEW)}…` : text;
}

/** Own members only: a packet may have one that is called `constructor`. */
function partOf(value: JsonValue, key: string): JsonValue | undefined {
  return Object.hasOwn(value as object, key) ? (value as Readonly<Record<string, JsonValue>>)[key] : undefined;
}
