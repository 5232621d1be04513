import { SimulatedBoard, simulatedBinding, unoEchoImage } from '../../src/testing/index.js';
import { describeEchoSuite } from '../echo-suite.js';

const path = '/dev/ttySIM0';

describeEchoSuite(
  'simulated board with the echo sketch',
  async () => ({
    binding: simulatedBinding(new SimulatedBoard({ path, image: await unoEchoImage() })),
    connection: { path, baudRate: 115_200, settleMs: 5 },
  }),
  { largestPacketBytes: 509 },
);
