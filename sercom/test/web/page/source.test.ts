import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const SERCOM = path.resolve(import.meta.dirname, '../../..');
const SOURCE = path.join(SERCOM, 'web');
const BUILT = path.join(SERCOM, 'dist/web');

/** What the page may use of the command: types, and code without anything of Node. */
const SHARED = ['../src/web/protocol.js', '../src/web/request-limits.js', '../src/text/timestamp.js'];

const MAX_GZIPPED_BYTES = 120_000;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.(ts|css|html)$/.test(file),
);
const textOf = (file: string) => readFileSync(path.join(SOURCE, file), 'utf8');

test('the page has files of each kind', () => {
  expect(files).toEqual(expect.arrayContaining(['index.html', 'main.ts', 'page.css']));
});

test.each(files.filter((file) => file.endsWith('.ts')))('%s makes no markup of texts, and runs none', (file) => {
  expect(textOf(file)).not.toMatch(
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML|\beval\(|new Function/,
  );
});

test.each(files.filter((file) => file.endsWith('.ts')))('%s imports only the page and what is shared', (file) => {
  const imports = [...textOf(file).matchAll(/(?:^(?:import|export) (?:[^;]*? from )?|\bimport\(\s*)'([^']+)'/gms)];
  const outside = imports
    .map(([, name]) =>
      name!.startsWith('.') ? path.posix.join(path.posix.dirname(file.replaceAll('\\', '/')), name!) : name!,
    )
    .filter((name) => name.startsWith('..') && !SHARED.includes(name));
  expect(outside).toEqual([]);
});

test.each(files.filter((file) => file.endsWith('.ts')))('%s takes no focus from a user who is faster', (file) => {
  // A browser looks for such elements when the page has loaded, also in dialogs that are closed.
  expect(textOf(file)).not.toMatch(/autofocus/i);
});

test('the document has no scripts, styles or handlers of its own, and loads nothing from elsewhere', () => {
  const html = textOf('index.html');
  expect(html).not.toMatch(/<script[^>]*>[^<]|<style|\sstyle=|\son\w+=/);
  const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
  expect(addresses.filter((address) => !address.startsWith('data:image/svg+xml,'))).toEqual(['page.css', 'page.js']);
});

test('nothing is loaded from another host', () => {
  const css = readFileSync(path.join(BUILT, 'page.css'), 'utf8');
  expect(css).not.toMatch(/@import|url\(/);
  const js = readFileSync(path.join(BUILT, 'page.js'), 'utf8');
  const hosts = new Set([...js.matchAll(/https?:\/\/[^"'`\s)]+/g)].map(([address]) => address));
  // The name of a language, not an address.
  hosts.delete('http://www.w3.org/2000/svg');
  expect([...hosts]).toEqual([]);
});

test(`the built page has at most ${MAX_GZIPPED_BYTES} bytes, compressed`, () => {
  const sizes = ['index.html', 'page.js', 'page.css'].map(
    (file) => gzipSync(readFileSync(path.join(BUILT, file))).length,
  );
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
});
