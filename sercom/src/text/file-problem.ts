/** What went wrong, and what to do about it. */
type Problems = Readonly<Record<string, string>>;

/** By the code of the operating system, whatever was done with the file. */
const PROBLEMS: Problems = {
  EISDIR: 'it is a folder; name a file',
  EMFILE: 'too many open files; raise the limit with "ulimit -n"',
  ENFILE: 'too many open files in the system; close some programs',
  ENAMETOOLONG: 'the name is too long; shorten it',
  ELOOP: 'the symbolic links lead in a circle; correct them',
  EBUSY: 'it is in use by another program; close it first',
  EIO: 'the disk or device reports an error; check it',
  ENXIO: 'it is a socket, or its device is missing; name another file',
  ENODEV: 'its device is missing; name another file',
};

const READING: Problems = {
  ENOTDIR: 'no such file: a part of its path is not a folder; check the path',
  EACCES: 'permission denied; check who may read it',
  EPERM: 'permission denied; check who may read it',
};

const WRITING: Problems = {
  ENOENT: 'no such folder; create it first',
  ENOTDIR: 'no such folder: a part of the path is a file; check the path',
  EACCES: 'permission denied; name another file, or check who may write it',
  EPERM: 'permission denied; name another file, or check who may write it',
  EROFS: 'the file system is read-only; name a file elsewhere',
  ENOSPC: 'no space left; free some, or name a file elsewhere',
  EDQUOT: 'your disk quota is used up; free some space, or name a file elsewhere',
  EFBIG: 'the file would be too large; see "ulimit -f" and the limit of the file system',
  ETXTBSY: 'it is a running program; name another file',
};

/** The code of the operating system in front of Node's message, and the call and the path after it. */
const RAW = /^E[A-Z0-9]+: (.*?)(?:, [a-z]+(?: '.*')?)?$/s;

/**
 * Why a file cannot be read, for messages: `cannot read FILE: no such file; check its name`.
 *
 * @param error - of the operating system; the message of any other error is kept
 * @param ifMissing - what to do if the file does not exist
 */
export function cannotRead(file: string, error: unknown, ifMissing = 'check its name'): string {
  return `cannot read ${file}: ${problemOf(error, { ...READING, ENOENT: `no such file; ${ifMissing}` })}`;
}

/** Why a file, or stdout, cannot be written, for messages. See {@link cannotRead}. */
export function cannotWrite(file: string, error: unknown): string {
  return `cannot write ${file}: ${problemOf(error, WRITING)}`;
}

function problemOf(error: unknown, problems: Problems): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return problems[code] ?? PROBLEMS[code] ?? RAW.exec(message)?.[1] ?? message;
}
