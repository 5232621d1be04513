import path from 'node:path';
import { describeEchoSuite } from '../echo-suite.js';
import { NATIVE_BINDINGS } from '../support/native-bindings.js';
import { skipQemu, useQemu } from './qemu-board.js';

const IMAGE = path.resolve(import.meta.dirname, '../testing/fixtures/cortex-m/lm3s6965-echo.elf');

/** The maximum packet size of the program. */
const LARGEST_PACKET_BYTES = 512;

const startQemu = useQemu('lm3s6965evb');

for (const [name, binding] of NATIVE_BINDINGS) {
  describeEchoSuite(
    `the C files for devices on a Cortex-M3 in QEMU, through ${name} (needs qemu-system-arm)`,
    async () => {
      const board = await startQemu(IMAGE);
      return {
        binding,
        connection: { path: board.path, baudRate: 115_200 },
        dispose: () => board.end(),
      };
    },
    { largestPacketBytes: LARGEST_PACKET_BYTES, testTimeoutMs: 60_000, skip: skipQemu },
  );
}
