import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import { FaultyLine, SimulatedBoard, simulatedBinding, unoEchoImage } from '../../src/testing/index.js';
import { describeCommunicatorContract } from '../communicator-contract.js';
import { describeAborting } from '../contract/aborting.js';

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
  { canFail: true, canStall: false },
);

describeCommunicatorContract(
  'SerialCommunicator over the USB of simulated RP2040s that echo',
  async () => {
    const image = fileURLToPath(new URL('../testing/fixtures/cortex-m/rp2040-echo.uf2', import.meta.url));
    const boards = ['/dev/ttySIM0', '/dev/ttySIM1', '/dev/ttySIM2'].map(
      (path) => new SimulatedBoard({ path, chip: 'rp2040', image }),
    );
    let used = 0;
    const next = () => {
      const board = boards[used++]!;
      return { board, connection: { path: board.path, baudRate: 115_200 } };
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
  { canFail: true, canStall: false },
);

describe('SerialCommunicator over a faulty line to a simulated board', () => {
  describeAborting(async () => {
    const board = new SimulatedBoard({ path: '/dev/ttySIM0', image: await unoEchoImage() });
    const line = new FaultyLine(simulatedBinding(board), { path: board.path });
    return {
      communicator: new SerialCommunicator({ binding: line.binding }),
      connection: () => ({ path: board.path, baudRate: 115_200, settleMs: 5 }),
      stall: (isStalled) => (isStalled ? line.stall() : line.resume()),
      // The sketch has little memory.
      fillBytes: 40,
      async dispose() {},
    };
  });
});
