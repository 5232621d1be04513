import { describeEchoSuite } from './echo-suite.js';

// Set by `npm run test:hardware -- PORT`.
const path = process.env.HARDWARE_PORT;
const baudRate = Number(process.env.HARDWARE_BAUD ?? 115_200);

describeEchoSuite(
  'a physical board with the sketch, or a port with a TX-RX jumper (npm run test:hardware -- PORT)',
  async () => ({
    // For boards that reset when the port opens. A jumper does not need it.
    connection: { path: path!, baudRate, settleMs: 2_500, skipFirst: false },
  }),
  { largestPacketBytes: 512, testTimeoutMs: 20_000, skip: path === undefined },
);
