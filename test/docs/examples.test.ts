import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { codeBlocks, DOCUMENTS, ROOT } from './markdown.js';

/** Declarations that an example may leave out. */
const ASSUMED = {
  serial: "declare const serial: import('serial-communicator').SerialCommunicator;",
  packet: 'declare const packet: Uint8Array;',
};

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  allowJs: true,
  noEmit: true,
  skipLibCheck: true,
};

/** The examples of all documents by a file name that tells where each is from. */
const examples = new Map(
  DOCUMENTS.flatMap((document) =>
    codeBlocks(document, 'ts').map((code, index): [string, string] => {
      const missing = Object.entries(ASSUMED).filter(([name]) => !new RegExp(`\\b(const|let) ${name}\\b`).test(code));
      const lines = [...missing.map(([, declaration]) => declaration), code, 'export {};'];
      return [path.join(ROOT, `${document.replaceAll('/', '-')}-${index + 1}.ts`), lines.join('\n')];
    }),
  ),
);

/** A program whose types are in comments. `// @ts-check` in it makes the compiler check it. */
const GRIPPER = path.join(ROOT, 'examples/gripper.mjs');

/** The errors that the compiler finds in the gripper, and in the examples, which exist in memory only. */
function typeErrors(): string[] {
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => examples.has(path.normalize(file)) || fileExists(file);
  host.readFile = (file) => examples.get(path.normalize(file)) ?? readFile(file);
  host.getSourceFile = (file, target, ...rest) => {
    const code = examples.get(path.normalize(file));
    return code === undefined
      ? getSourceFile(file, target, ...rest)
      : ts.createSourceFile(file, code, {
          languageVersion: ts.ScriptTarget.ES2023,
          impliedNodeFormat: ts.ModuleKind.ESNext,
        });
  };
  const program = ts.createProgram({ rootNames: [...examples.keys(), GRIPPER], options: OPTIONS, host });
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const where = file === undefined ? '' : `${path.relative(ROOT, file.fileName)}:${lineOf(file, start ?? 0)}: `;
    return `${where}${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}

test('the TypeScript examples in the documents and examples/gripper.mjs type-check against the built package', () => {
  expect([...examples.keys()].map((file) => path.basename(file))).toContain('README.md-1.ts');
  expect(typeErrors()).toEqual([]);
});
