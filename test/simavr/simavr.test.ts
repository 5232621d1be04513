import path from 'node:path';
import { describeEchoSuite } from '../echo-suite.js';
import { NATIVE_BINDINGS } from '../support/native-bindings.js';
import { skipSimavr, useSimavr } from './simavr-runner.js';

const IMAGE = path.resolve(import.meta.dirname, '../../firmware-echo/prebuilt/uno.hex');

/** The maximum packet size of the sketch. */
const LARGEST_PACKET_BYTES = 512;

const startSimavr = useSimavr();

for (const [name, binding] of NATIVE_BINDINGS) {
  describeEchoSuite(
    `the sketch on simavr, through ${name} (needs cc and libsimavr-dev)`,
    async () => {
      const board = await startSimavr(IMAGE);
      return {
        binding,
        connection: { path: board.path, baudRate: 115_200, skipFirst: true },
        dispose: () => board.end(),
      };
    },
    { largestPacketBytes: LARGEST_PACKET_BYTES, skip: skipSimavr },
  );
}
