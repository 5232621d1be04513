import { describeEchoSuite } from '../../echo-suite.js';
import { commandPort } from './com-port.js';

describeEchoSuite(
  'COM1',
  async () => {
    commandPort(1, 'plug');
    return {
      connection: { path: 'COM1', baudRate: 115_200 },
      dispose: async () => commandPort(1, 'unplug'),
    };
  },
  { largestPacketBytes: 4_096 },
);
