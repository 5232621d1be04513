/** A metric with its samples, as a scraper reads it. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/**
 * Parses the text format of Prometheus, version 0.0.4, as its specification has it, which our server must not be asked about.
 * It is stricter in that each metric must have a description and a type.
 *
 * @throws Error at the first line that a scraper might refuse
 */
export function parseExposition(text: string): Family[] {
  if (!text.endsWith('\n')) {
    throw new Error('the last line does not end');
  }
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let current: Family | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (problem: string): never => {
      throw new Error(`${problem}: ${line}`);
    };
    const scanner = new Scanner(line, fail);
    if (scanner.takes('# HELP ')) {
      help = { name: scanner.name(), text: scanner.takes(' ') ? scanner.rest() : fail('no description') };
      if (/\\(?![\\n])/.test(help.text)) {
        fail('an escape that does not exist');
      }
      current = undefined;
    } else if (scanner.takes('# TYPE ')) {
      const name = scanner.name();
      const type = scanner.takes(' ') ? scanner.rest() : '';
      if (help?.name !== name || !TYPES.includes(type) || families.has(name)) {
        fail('a type without a description, an unknown one, or a second one');
      }
      current = { name, help: help!.text, type, samples: [] };
      families.set(name, current);
      help = undefined;
    } else {
      const { name, labels, value } = sampleOf(scanner, fail);
      if (current === undefined || name !== current.name) {
        fail('a sample that is not with its metric');
      }
      const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
      if (seen.has(key)) {
        fail('the same sample twice');
      }
      seen.add(key);
      current!.samples.push({ labels, value });
    }
  }
  return [...families.values()];
}

function sampleOf(scanner: Scanner, fail: (problem: string) => never) {
  const name = scanner.name();
  const labels: Record<string, string> = {};
  if (scanner.takes('{')) {
    while (!scanner.takes('}')) {
      const label = scanner.name();
      if (Object.hasOwn(labels, label) || label.includes(':') || !scanner.takes('="')) {
        fail('an invalid label, or the same one twice');
      }
      labels[label] = scanner.quoted();
      if (!scanner.takes(',') && !scanner.sees('}')) {
        fail('labels without a comma between them');
      }
    }
  }
  const number = scanner.takes(' ') ? scanner.rest() : fail('no value');
  if (!/^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?Inf|NaN)$/i.test(number)) {
    fail('not a number');
  }
  return { name, labels, value: Number(number) };
}

/** Reads a line from left to right. */
class Scanner {
  readonly #line: string;
  readonly #fail: (problem: string) => never;
  #at = 0;

  constructor(line: string, fail: (problem: string) => never) {
    this.#line = line;
    this.#fail = fail;
  }

  sees(text: string): boolean {
    return this.#line.startsWith(text, this.#at);
  }

  takes(text: string): boolean {
    const isThere = this.sees(text);
    this.#at += isThere ? text.length : 0;
    return isThere;
  }

  name(): string {
    const [name] = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(this.#line.slice(this.#at)) ?? [this.#fail('no name')];
    this.#at += name.length;
    return name;
  }

  /** The rest of a quoted text, whose first quote has been taken. */
  quoted(): string {
    let text = '';
    for (;;) {
      const character = this.#line[this.#at++];
      if (character === undefined) {
        this.#fail('a text that does not end');
      }
      if (character === '"') {
        return text;
      }
      text += character === '\\' ? this.#escaped() : character;
    }
  }

  rest(): string {
    const rest = this.#line.slice(this.#at);
    this.#at = this.#line.length;
    return rest;
  }

  #escaped(): string {
    const escaped = { '\\': '\\', '"': '"', n: '\n' }[this.#line[this.#at++] ?? ''];
    return escaped ?? this.#fail('an escape that does not exist');
  }
}
