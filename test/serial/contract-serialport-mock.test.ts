import { SerialPortMock } from 'serialport';
import { type Binding, SerialCommunicator } from '../../src/index.js';
import { describeCommunicatorContract } from '../communicator-contract.js';
import { gate } from '../contract/harness.js';
import { describeEchoSuite } from '../echo-suite.js';

const binding: Binding = SerialPortMock.binding;

let ports = 0;

/** Makes a port that sends every byte back. All users of this binding in the process share its paths. */
function createEchoPort(path: string): void {
  SerialPortMock.binding.createPort(path, { echo: true });
}

describeCommunicatorContract(
  "SerialCommunicator over serialport's mock binding",
  async () => {
    const nextPath = () => `/dev/ttyECHO${++ports}`;
    let accepts = gate();
    accepts.open();
    const stalling: Binding = {
      list: () => binding.list(),
      async open(options) {
        const port = await SerialPortMock.binding.open(options);
        const write = port.write.bind(port);
        port.write = async (bytes) => {
          await accepts.opened;
          await write(bytes);
        };
        return port;
      },
    };
    return {
      communicator: new SerialCommunicator({ binding: stalling }),
      connection() {
        const path = nextPath();
        createEchoPort(path);
        return { path, baudRate: 115_200 };
      },
      brokenConnection() {
        const path = nextPath();
        return { connection: { path, baudRate: 115_200 }, mend: () => createEchoPort(path) };
      },
      stall(isStalled) {
        if (isStalled) {
          accepts = gate();
        } else {
          accepts.open();
        }
      },
      async dispose() {},
    };
  },
  { canFail: true },
);

describeEchoSuite(
  "serialport's mock binding",
  async () => {
    createEchoPort('/dev/ttyECHO0');
    return { binding, connection: { path: '/dev/ttyECHO0', baudRate: 115_200 } };
  },
  { largestPacketBytes: 65_536 },
);
