import type { Decoder } from './decoder.js';
import { toJsonValue } from './json-value.js';
import { textDecoder } from './text.js';

/** Decodes one JSON value. */
export const jsonDecoder: Decoder = {
  name: 'json',
  decode(packet) {
    const value = toJsonValue(JSON.parse(textDecoder.decode(packet).text));
    return { value, text: JSON.stringify(value) };
  },
};
