// Decodes packets that are meant to be expensive. Begins with their names, by decoder. The reply to "bomb DECODER INDEX", and to "random DECODER SEED", is the
// processor time in milliseconds and how much the process has grown, in MB.
import { loadDecoder } from '../../sercom/dist/decoders/index.js';
import { BOMBS, DECODER_SPECS, randomBomb } from '../support/bombs.mjs';
import { answer, answerCommands } from './answer.mjs';

/** Loads what decoding needs on first use. */
const WARM_UP_BYTES = 16;

async function decode(name, packet) {
  const decoder = await loadDecoder(DECODER_SPECS[name]);
  attempt(decoder, packet.subarray(0, WARM_UP_BYTES));
  const grownFrom = process.resourceUsage().maxRSS;
  const start = process.cpuUsage();
  const characters = attempt(decoder, packet);
  const { user, system } = process.cpuUsage(start);
  const grownKib = process.resourceUsage().maxRSS - grownFrom;
  return { milliseconds: (user + system) / 1e3, megabytes: (grownKib * 1_024) / 1e6, characters };
}

/** How long the value or the reason is as text. */
function attempt(decoder, packet) {
  try {
    return decoder.decode(packet).text.length;
  } catch (error) {
    return error.message.length;
  }
}

answer(Object.fromEntries(Object.entries(BOMBS).map(([name, bombs]) => [name, Object.keys(bombs)])));
answerCommands({
  bomb: (name, index) => decode(name, Object.values(BOMBS[name])[index]),
  random: (name, seed) => decode(name, randomBomb(name, Number(seed))),
});
