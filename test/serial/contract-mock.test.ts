import { SerialCommunicator } from '../../src/index.js';
import { mockBinding } from '../../src/testing/mock/mock-binding.js';
import { MockDevice } from '../../src/testing/mock/mock-device.js';
import { describeCommunicatorContract } from '../communicator-contract.js';

describeCommunicatorContract(
  'SerialCommunicator over mock devices',
  async () => {
    const devices = ['/dev/ttyMOCK0', '/dev/ttyMOCK1', '/dev/ttyMOCK2'].map(
      (path) => new MockDevice({ path, echo: true }),
    );
    let used = 0;
    const next = () => {
      const device = devices[used++]!;
      return { device, connection: { path: device.path, baudRate: 115_200 } };
    };
    return {
      communicator: new SerialCommunicator({ binding: mockBinding(...devices) }),
      connection: () => next().connection,
      brokenConnection() {
        const { device, connection } = next();
        device.unplug();
        return { connection, mend: () => device.plug() };
      },
      stall: (isStalled) => (isStalled ? devices[0]!.stall() : devices[0]!.resume()),
      async dispose() {},
    };
  },
  { canFail: true },
);
