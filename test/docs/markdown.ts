import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** The documents of the project, relative to the root, with slashes. */
export const DOCUMENTS: readonly string[] = [
  ...['.', 'docs', 'firmware', 'firmware/micropython', 'firmware-echo', 'sercom', 'test/usb'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => path.posix.join(folder, name)),
  ),
].sort();

export function readDocument(document: string): string {
  return readFileSync(path.join(ROOT, document), 'utf8');
}

/** The code blocks of a document in one language. */
export function codeBlocks(document: string, language: string): string[] {
  const blocks = readDocument(document).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'));
  return [...blocks].map(([, code]) => code!);
}

/** A document without its code blocks and inline code. */
export function prose(document: string): string {
  return readDocument(document)
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]*`/g, '');
}
