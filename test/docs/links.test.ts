import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DOCUMENTS, prose, ROOT, readDocument } from './markdown.js';

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsIn(document: string): string[] {
  const text = readDocument(document).replace(/^```.*?^```$/gms, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
}

/** The links of a document that lead nowhere in this repository. */
function brokenLinks(document: string): string[] {
  const links = [...prose(document).matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
  return links.filter((link) => {
    if (/^https?:/.test(link)) {
      return false;
    }
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? document : path.posix.join(path.posix.dirname(document), file);
    if (!existsSync(path.join(ROOT, target))) {
      return true;
    }
    return anchor !== undefined && !anchorsIn(target).includes(anchor);
  });
}

test.each(DOCUMENTS)('every link in %s leads to a file and a heading of this repository', (document) => {
  expect(brokenLinks(document)).toEqual([]);
});
