import type { Decoder } from './decoder.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8. */
export const textDecoder: Decoder = {
  name: 'text',
  decode(packet) {
    let text: string;
    try {
      text = utf8.decode(packet);
    } catch {
      throw new Error('it is no valid UTF-8');
    }
    return { value: text, text };
  },
};
