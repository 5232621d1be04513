import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Stats } from 'node:fs';
import { constants, type FileHandle, open, rm } from 'node:fs/promises';
import { CliError, codeOf } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { printMessage } from '../../terminal/message.js';
import { cannotRead, cannotWrite } from '../../text/file-problem.js';

/** 192 random bits. */
const TOKEN_BYTES = 24;

/** At least 128 bits, in characters that need no escaping in a URL or a header. */
const TOKEN = /^[\w-]{22,200}$/;

/** Longer than any token with the white space around it. */
const MAX_FILE_BYTES = 1_024;

const OPTION = '--web-token-file';

/** The secret that a request must have. */
export class Token {
  /** For the address of the page. It must appear nowhere else. */
  readonly text: string;
  /** The file that has it, so that it outlives the run. Undefined if it does not. */
  readonly file: string | undefined;
  readonly #digest: Buffer;

  private constructor(text: string, file: string | undefined) {
    this.text = text;
    this.file = file;
    this.#digest = digest(text);
  }

  /**
   * A new random token, or that of a file, which is created if it does not exist.
   *
   * @throws CliError if the file cannot be read or written (failure), or has no token (usage error)
   */
  static async create(file?: string): Promise<Token> {
    const random = randomBytes(TOKEN_BYTES).toString('base64url');
    const text = file === undefined ? random : ((await createFile(file, random)) ?? (await readToken(file)));
    return new Token(text, file);
  }

  /** Whether the header `Authorization` has this token, in a time that depends on neither. */
  isIn(authorization: string | undefined): boolean {
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), this.#digest);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Writes a token to a new file. Undefined if there is a file. */
async function createFile(path: string, token: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return undefined;
    }
    throw failure(cannotWrite(path, error), error);
  }
  try {
    await file.writeFile(`${token}\n`);
    return token;
  } catch (error) {
    // Without a token in it, it would be refused the next time.
    await rm(path, { force: true });
    throw failure(cannotWrite(path, error), error);
  } finally {
    await file.close();
  }
}

async function readToken(path: string): Promise<string> {
  let file: FileHandle;
  try {
    // Opening a pipe would wait for its writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw failure(cannotRead(path, error), error);
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) {
      throw new CliError(ExitCode.failure, `${OPTION}: ${path} is not a regular file; name another file`);
    }
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_FILE_BYTES), 0, MAX_FILE_BYTES, 0);
    const token = buffer.toString('latin1', 0, bytesRead).trim();
    if (!TOKEN.test(token)) {
      throw new CliError(
        ExitCode.usage,
        `${OPTION}: ${path} has no token; name another file, or remove this one, so that a new one is made, or write 22 to 200 of A-Z, a-z, 0-9, "-" and "_" into it`,
      );
    }
    warnOfOthers(path, stats);
    return token;
  } finally {
    await file.close();
  }
}

/** Others can know the token if they can read or write its file, which its owner always can, and root anyway. */
function warnOfOthers(path: string, { mode, uid }: Stats): void {
  const user = process.getuid?.();
  if (user === undefined) {
    return;
  }
  if (uid !== user && uid !== 0) {
    printMessage(`warning: ${OPTION}: ${path} belongs to another user, who can read the token; use a file of your own`);
  } else if ((mode & 0o077) !== 0) {
    printMessage(`warning: ${OPTION}: other users can read ${path}; use chmod 600`);
  }
}

function failure(problem: string, cause: unknown): CliError {
  return new CliError(ExitCode.failure, `${OPTION}: ${problem}`, { cause });
}
