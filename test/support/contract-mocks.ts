import { mockBinding } from '../../src/testing/mock/mock-binding.js';
import { MockDevice } from '../../src/testing/mock/mock-device.js';
import type { ContractHarness } from '../contract/harness.js';

type Harness = Pick<Required<ContractHarness>, 'connection' | 'brokenConnection' | 'requestingDevice'>;

/** The mock devices for a contract test: three that echo, and one that makes requests. */
export class ContractMocks implements Harness {
  readonly echoing = ['/dev/ttyMOCK0', '/dev/ttyMOCK1', '/dev/ttyMOCK2'].map(
    (path) => new MockDevice({ path, echo: true }),
  );
  readonly #requesting = new MockDevice({
    path: '/dev/ttyMOCK3',
    requestIds: { bytes: 1 },
    onRequest: (packet) => packet,
  });
  readonly all = [...this.echoing, this.#requesting];
  readonly binding = mockBinding(...this.all);
  #used = 0;

  readonly connection = () => this.#next().connection;

  readonly brokenConnection = () => {
    const { device, connection } = this.#next();
    device.unplug();
    return { connection, mend: () => device.plug() };
  };

  readonly requestingDevice = () => ({
    connection: { path: this.#requesting.path, baudRate: 115_200, requestIds: { bytes: 1 } },
    request: (packet: Uint8Array) => this.#requesting.request(packet, { timeoutMs: 10_000 }),
  });

  #next() {
    const device = this.echoing[this.#used++]!;
    return { device, connection: { path: device.path, baudRate: 115_200 } };
  }
}
