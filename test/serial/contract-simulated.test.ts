import { SerialCommunicator } from '../../src/index.js';
import { SimulatedBoard, simulatedBinding, unoEchoImage } from '../../src/testing/index.js';
import { describeCommunicatorContract } from '../communicator-contract.js';

describeCommunicatorContract(
  'SerialCommunicator over simulated boards with the echo sketch',
  async () => {
    const image = await unoEchoImage();
    const boards = ['/dev/ttySIM0', '/dev/ttySIM1', '/dev/ttySIM2'].map((path) => new SimulatedBoard({ path, image }));
    let used = 0;
    const next = () => {
      const board = boards[used++]!;
      // Opening the port resets the board. It receives nothing until the sketch has set up its UART.
      return { board, connection: { path: board.path, baudRate: 115_200, settleMs: 5 } };
    };
    return {
      communicator: new SerialCommunicator({ binding: simulatedBinding(...boards) }),
      connection: () => next().connection,
      brokenConnection() {
        const { board, connection } = next();
        board.unplug();
        return { connection, mend: () => board.plug() };
      },
      async dispose() {},
    };
  },
  { canFail: true },
);
