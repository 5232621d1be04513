import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCE = path.resolve(import.meta.dirname, '../src');

/** What each layer may import: itself, and what is named here. `index` is what the package exports. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  errors: [],
  options: ['errors'],
  framing: ['errors', 'options'],
  delivery: ['errors', 'framing', 'options'],
  warnings: [],
  'call-arguments': ['errors', 'options'],
  'event-source': [],
  'life-cycle': ['errors'],
  timing: [],
  'tls-reason': [],
  requests: ['call-arguments', 'errors', 'options', 'timing', 'warnings'],
  'communicator-events': [],
  'communicator-hooks': ['call-arguments', 'event-source', 'requests'],
  communicator: [
    'call-arguments',
    'communicator-events',
    'communicator-hooks',
    'errors',
    'life-cycle',
    'requests',
    'warnings',
  ],
  serial: [
    'call-arguments',
    'communicator',
    'communicator-events',
    'delivery',
    'errors',
    'framing',
    'options',
    'requests',
    'timing',
    'tls-reason',
    'warnings',
  ],
  testing: ['call-arguments', 'communicator', 'requests', 'serial', 'errors', 'options', 'timing'],
  mqtt: [
    'call-arguments',
    'communicator',
    'communicator-events',
    'errors',
    'event-source',
    'life-cycle',
    'options',
    'requests',
    'timing',
    'tls-reason',
  ],
  index: [
    'call-arguments',
    'communicator',
    'communicator-events',
    'communicator-hooks',
    'delivery',
    'errors',
    'event-source',
    'framing',
    'life-cycle',
    'requests',
    'serial',
  ],
};

/** What a layer may import the types of, and nothing else: simulated devices must not share our codec. */
const MAY_IMPORT_TYPES: Record<string, readonly string[]> = {
  requests: ['communicator-events'],
  testing: ['framing'],
};

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => file.replaceAll('\\', '/'));

function layerOf(file: string): string {
  const [first = ''] = file.split('/');
  return first.replace(/\.(ts|js)$/, '');
}

/** What a file imports; `types` adds what it imports by `import type` or re-exports so. */
function importsOf(file: string, types = true): string[] {
  const text = readFileSync(path.join(SOURCE, file), 'utf8');
  return [...text.matchAll(/(?:^(import|export)( type)? [^;]*?from |\bimport\()\s*'([^']+)'/gms)]
    .filter((match) => types || match[2] === undefined)
    .map((match) => match[3]!);
}

function isAllowed(target: string, allowed: readonly string[] = []): boolean {
  return allowed.includes(target.replace(/\.js$/, '')) || allowed.includes(layerOf(target));
}

describe('imports point down', () => {
  test('every file belongs to a layer', () => {
    expect(files.map(layerOf).filter((layer) => !(layer in MAY_IMPORT))).toEqual([]);
  });

  test.each(files)('%s', (file) => {
    const layer = layerOf(file);
    const inSource = (specifiers: string[]) =>
      specifiers
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)))
        .filter((target) => layerOf(target) !== layer && !isAllowed(target, MAY_IMPORT[layer]));
    const values = inSource(importsOf(file, false));
    const wrong = inSource(importsOf(file)).filter(
      (target) => values.includes(target) || !isAllowed(target, MAY_IMPORT_TYPES[layer]),
    );
    expect(wrong).toEqual([]);
  });
});

test.each([
  ['avr', 'avr8js'],
  ['chip', ''],
  ['rp2040', 'rp2040js'],
])('the simulated chips of %s know nothing of boards, ports and the other test doubles', (folder, simulator) => {
  const imports = files.filter((file) => file.startsWith(`testing/${folder}/`)).flatMap((file) => importsOf(file));
  expect(imports.length).toBeGreaterThan(0);
  const isAllowedHere = (specifier: string) => specifier === simulator || /^\.(\/|\.\/chip\/)/.test(specifier);
  expect(imports.filter((specifier) => !isAllowedHere(specifier))).toEqual([]);
});

test('framing does no input or output', () => {
  const builtins = files
    .filter((file) => layerOf(file) === 'framing')
    .flatMap((file) => importsOf(file))
    .filter((specifier) => specifier.startsWith('node:'));
  expect(builtins.sort()).toEqual(['node:worker_threads', 'node:zlib']);
});

test('framing has Uint8Array, not Buffer, in its signatures', () => {
  const sources = files.filter((file) => layerOf(file) === 'framing');
  const types = sources.flatMap((file) => [
    ...readFileSync(path.join(SOURCE, file), 'utf8').matchAll(/(?::|\bas|[<|]) ?(?:Node\w*\.)?Buffer\b(?!\.)/g),
  ]);
  expect(types.map(([type]) => type)).toEqual([]);
});

test('what only testing needs is not loaded by the package itself', () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) {
        visit(path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)).replace(/\.js$/, '.ts'));
      } else if (!specifier.startsWith('node:')) {
        packages.add(specifier);
      }
    }
  };
  visit('index.ts');
  expect([...packages].sort()).toEqual(['serialport']);
});
