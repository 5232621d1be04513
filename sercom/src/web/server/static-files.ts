import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { cannotRead } from '../../text/file-problem.js';

/** A file of the page. */
export interface StaticFile {
  readonly type: string;
  readonly content: Buffer;
  /** Whether it is a document, which other pages may link to. */
  readonly isDocument: boolean;
}

/** The files of the page by the paths that they have in a browser. No other path leads to a file. */
const FILES: Readonly<Record<string, { file: string; type: string }>> = {
  '/': { file: 'index.html', type: 'text/html' },
  '/page.js': { file: 'page.js', type: 'text/javascript' },
  '/page.css': { file: 'page.css', type: 'text/css' },
};

/** Where the build puts them, beside the compiled code. */
const FOLDER = fileURLToPath(new URL('..', import.meta.url));

/**
 * Reads the page into memory.
 *
 * @throws CliError (failure)
 */
export async function readStaticFiles(folder = FOLDER): Promise<ReadonlyMap<string, StaticFile>> {
  const files = Object.entries(FILES).map(async ([path, { file, type }]) => {
    const name = `${folder}${file}`;
    try {
      const content = await readFile(name);
      return [path, { type: `${type}; charset=utf-8`, content, isDocument: path === '/' }] as const;
    } catch (error) {
      const problem = cannotRead(name, error, 'install sercom again, or run "npm run build"');
      throw new CliError(ExitCode.failure, `--web: ${problem}`, { cause: error });
    }
  });
  return new Map(await Promise.all(files));
}
