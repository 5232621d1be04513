import { SerialCommunicator } from '../../src/index.js';
import { describeCommunicatorContract } from '../communicator-contract.js';
import { ContractMocks } from '../support/contract-mocks.js';

describeCommunicatorContract(
  'SerialCommunicator over mock devices',
  async () => {
    const { binding, echoing, connection, brokenConnection, requestingDevice } = new ContractMocks();
    return {
      communicator: new SerialCommunicator({ binding }),
      connection,
      brokenConnection,
      requestingDevice,
      stall: (isStalled) => (isStalled ? echoing[0]!.stall() : echoing[0]!.resume()),
      async dispose() {},
    };
  },
  { canFail: true, canRequest: true },
);
