import { spawnSync } from 'node:child_process';

/** Runs a program with the output of this one. Returns its exit code; prints how it ended if that is not 0. */
export function runProgram(program, words, env = process.env) {
  const options = { stdio: 'inherit', env, shell: process.platform === 'win32' };
  const { status, signal, error } = spawnSync(program, words, options);
  if (status !== 0) {
    console.error(`${program}: ${error?.message ?? (signal === null ? `exit code ${status}` : `ended by ${signal}`)}`);
  }
  return status ?? 1;
}
