import { vi } from 'vitest';
import { defaultBinding } from '../../../../src/index.js';
import { asPort } from '../../../../src/serial/read-port-adapter.js';
import { describePortContract } from '../../../contract/port.js';
import { Rfc2217Device } from '../../../support/rfc2217-device.js';

/** More than the buffers of both ends. */
const TOO_MUCH = new Uint8Array(32 * 1_048_576).fill(1);

describePortContract('RFC 2217', async () => {
  const device = await Rfc2217Device.listen();
  const port = asPort(await defaultBinding.open({ path: device.path, baudRate: 115_200 }));
  return {
    port,
    give: (bytes) => device.send(bytes),
    taken: () =>
      vi.waitFor(() => {
        if (!device.data.equals(Buffer.of(1, 2, 3, 4, 5))) {
          throw new Error(`the device received ${device.data.toString('hex')}`);
        }
      }),
    writeTooMuch: () => {
      void device.stall();
      return port.write(TOO_MUCH);
    },
    hangUp: () => device.hangUp(),
    dispose: () => device.close(),
  };
});
