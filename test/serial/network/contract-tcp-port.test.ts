import { createServer } from 'node:tls';
import { afterAll, vi } from 'vitest';
import { defaultBinding } from '../../../src/index.js';
import { asPort } from '../../../src/serial/read-port-adapter.js';
import { describePortContract, type PortRig } from '../../contract/port.js';
import { Certificate } from '../../support/certificates.js';
import { TcpDevice } from '../../support/tcp-device.js';
import { has } from '../../support/tools.js';

/** More than the buffers of both ends. */
const TOO_MUCH = new Uint8Array(32 * 1_048_576).fill(1);

async function openRig(device: TcpDevice, path: string, tls: object | undefined, abruptly: boolean): Promise<PortRig> {
  const port = asPort(await defaultBinding.open({ path, baudRate: 0, tls }));
  return {
    port,
    give: (bytes) => device.send(bytes),
    taken: () =>
      vi.waitFor(() => {
        if (!device.received.equals(Buffer.of(1, 2, 3, 4, 5))) {
          throw new Error(`the device received ${device.received.toString('hex')}`);
        }
      }),
    writeTooMuch: () => {
      void device.stall();
      return port.write(TOO_MUCH);
    },
    hangUp: () => device.hangUp(abruptly),
    dispose: () => device.close(),
  };
}

for (const [how, abruptly] of [
  ['closes the connection', false],
  ['resets the connection', true],
] as const) {
  describePortContract(`TCP, where the server ${how}`, async () => {
    const device = await TcpDevice.listen();
    return openRig(device, device.path, undefined, abruptly);
  });
}

const certificate = has('openssl') ? new Certificate('localhost') : undefined;

describePortContract(
  'TLS (needs openssl)',
  async () => {
    const { key, cert } = certificate!;
    const device = await TcpDevice.listen('127.0.0.1', createServer({ key, cert }));
    return openRig(device, `tls://127.0.0.1:${device.port}`, { ca: cert }, false);
  },
  { skip: certificate === undefined },
);

afterAll(() => certificate?.remove());
