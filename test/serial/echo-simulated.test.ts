import { fileURLToPath } from 'node:url';
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

const RP2040 = fileURLToPath(new URL('../testing/fixtures/cortex-m/rp2040-echo.uf2', import.meta.url));

describeEchoSuite(
  'simulated RP2040, through its USB',
  async () => ({
    binding: simulatedBinding(new SimulatedBoard({ path, chip: 'rp2040', image: RP2040 })),
    connection: { path, baudRate: 115_200 },
  }),
  { largestPacketBytes: 512 },
);

describeEchoSuite(
  'simulated RP2040, through its UART',
  async () => ({
    binding: simulatedBinding(new SimulatedBoard({ path, chip: 'rp2040', image: RP2040, uart: 0 })),
    connection: { path, baudRate: 115_200 },
  }),
  { largestPacketBytes: 512 },
);
