import { spawnSync } from 'node:child_process';

/** Whether a program is on the PATH. */
export function has(tool: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', tool]).status === 0;
}
