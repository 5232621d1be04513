import type { Decoder } from './decoder.js';
import { jsonable } from './jsonable.js';
import { textDecoder } from './text.js';

/** One JSON value. */
export const jsonDecoder: Decoder = {
  name: 'json',
  decode(packet) {
    const value = jsonable(JSON.parse(textDecoder.decode(packet).text));
    return { value, text: JSON.stringify(value) };
  },
};
