import type { Decoder } from './decoder.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 text. */
export const textDecoder: Decoder = {
  name: 'text',
  decode(packet) {
    let text: string;
    try {
      text = utf8.decode(packet);
    } catch {
      throw new Error('invalid UTF-8');
    }
    return { value: text, text };
  },
};
