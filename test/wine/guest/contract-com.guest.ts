import { SerialCommunicator } from '../../../src/index.js';
import { describeCommunicatorContract } from '../../communicator-contract.js';
import { commandPort } from './com-port.js';

describeCommunicatorContract(
  'SerialCommunicator over COM ports',
  async () => {
    let used = 0;
    const connection = () => {
      const port = ++used;
      commandPort(port, 'plug');
      return { path: `COM${port}`, baudRate: 115_200 };
    };
    return {
      communicator: new SerialCommunicator(),
      connection,
      brokenConnection() {
        const port = ++used;
        commandPort(port, 'unplug');
        return { connection: { path: `COM${port}`, baudRate: 115_200 }, mend: () => commandPort(port, 'plug') };
      },
      stall: (isStalled) => commandPort(1, isStalled ? 'stall' : 'unstall'),
      async dispose() {
        for (; used > 0; used--) {
          commandPort(used, 'unplug');
        }
      },
    };
  },
  { canFail: true },
);
