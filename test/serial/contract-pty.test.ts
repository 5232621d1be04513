import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SerialCommunicator } from '../../src/index.js';
import { describeCommunicatorContract } from '../communicator-contract.js';
import { NATIVE_BINDINGS } from '../support/native-bindings.js';
import { openPtyPair, PtyEchoDevice } from '../support/pty-pair.js';
import { has } from '../support/tools.js';

for (const [name, binding] of NATIVE_BINDINGS) {
  describeCommunicatorContract(
    `SerialCommunicator over pty pairs, through ${name} (needs socat)`,
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'contract-pty-'));
      const pairs = await Promise.all([openPtyPair(), openPtyPair(), openPtyPair()]);
      const devices = pairs.map((pair) => new PtyEchoDevice(pair.devicePath));
      let used = 0;
      return {
        communicator: new SerialCommunicator({ binding }),
        connection: () => ({ path: pairs[used++]!.hostPath, baudRate: 115_200 }),
        brokenConnection() {
          const { hostPath } = pairs[used++]!;
          const link = path.join(folder, 'device');
          return { connection: { path: link, baudRate: 115_200 }, mend: () => symlink(hostPath, link) };
        },
        stall: (isStalled) => (isStalled ? devices[0]!.pause() : devices[0]!.resume()),
        async dispose() {
          await Promise.all(devices.map((device) => device.close()));
          await Promise.all(pairs.map((pair) => pair.close()));
          await rm(folder, { recursive: true });
        },
      };
    },
    { canFail: true, skip: !has('socat') },
  );
}
