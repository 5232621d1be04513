import { stat } from 'node:fs/promises';
import { looksLikeRecording } from '../records/recording-name.js';
import { isNetworkPort } from './network-port.js';

/** Whether an argument that may be a file or a port is a port: it is no file, and does not look like one that is missing. */
export async function isPort(argument: string): Promise<boolean> {
  if (argument === '-') {
    return false;
  }
  if (isNetworkPort(argument)) {
    return true;
  }
  const stats = await stat(argument).catch(() => undefined);
  return stats === undefined ? !looksLikeRecording(argument) : stats.isCharacterDevice();
}
