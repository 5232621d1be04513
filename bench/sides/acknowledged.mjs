import { open as openOurs } from './ours.mjs';

/** This library, with acknowledged delivery. */
export async function open(config, onPacket, onError) {
  return openOurs(config, onPacket, onError, { delivery: 'acknowledged' });
}
