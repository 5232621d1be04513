import { SerialCommunicator } from '../../../src/index.js';
import { describeCommunicatorContract } from '../../communicator-contract.js';
import { TcpDevice } from '../../support/tcp-device.js';

/** A few packets of this size fill the buffers that the kernel has for a connection. */
const FILL_BYTES = 1_000_000;

const SETTINGS = { maxPacketBytes: FILL_BYTES, sendQueueBytes: 16 * FILL_BYTES };

describeCommunicatorContract(
  'SerialCommunicator over TCP',
  async () => {
    const devices = await Promise.all([1, 2, 3].map(() => TcpDevice.listen()));
    let used = 0;
    return {
      communicator: new SerialCommunicator(),
      connection: () => ({ path: devices[used++]!.path, ...SETTINGS }),
      brokenConnection() {
        const device = devices[used++]!;
        void device.unplug();
        return { connection: { path: device.path, ...SETTINGS }, mend: () => device.plug() };
      },
      stall: (isStalled) => (isStalled ? void devices[0]!.stall() : devices[0]!.resume()),
      fillBytes: FILL_BYTES,
      async dispose() {
        await Promise.all(devices.map((device) => device.close()));
      },
    };
  },
  { canFail: true },
);
