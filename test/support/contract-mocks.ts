import { mockBinding } from '../../src/testing/mock/mock-binding.js';
import { MockDevice } from '../../src/testing/mock/mock-device.js';
import type { ContractHarness } from '../contract/harness.js';

type Delivery = 'plain' | 'acknowledged';
type Harness = Pick<Required<ContractHarness>, 'connection' | 'brokenConnection' | 'requestingDevice'>;

/** The mock devices for a contract test: three that echo, and one that makes requests. */
export class ContractMocks implements Harness {
  readonly echoing: readonly MockDevice[];
  readonly all: readonly MockDevice[];
  readonly binding: ReturnType<typeof mockBinding>;
  readonly #delivery: Delivery;
  readonly #requesting: MockDevice;
  #used = 0;

  constructor(delivery: Delivery = 'plain') {
    this.#delivery = delivery;
    this.echoing = ['/dev/ttyMOCK0', '/dev/ttyMOCK1', '/dev/ttyMOCK2'].map(
      (path) => new MockDevice({ path, delivery, echo: true }),
    );
    this.#requesting = new MockDevice({
      path: '/dev/ttyMOCK3',
      delivery,
      requestIds: { bytes: 1 },
      onRequest: (packet) => packet,
    });
    this.all = [...this.echoing, this.#requesting];
    this.binding = mockBinding(...this.all);
  }

  readonly connection = () => this.#next().connection;

  readonly brokenConnection = () => {
    const { device, connection } = this.#next();
    device.unplug();
    return { connection, mend: () => device.plug() };
  };

  readonly requestingDevice = () => ({
    connection: { ...this.#connection(this.#requesting), requestIds: { bytes: 1 } },
    request: (packet: Uint8Array) => this.#requesting.request(packet, { timeoutMs: 10_000 }),
  });

  #next() {
    const device = this.echoing[this.#used++]!;
    return { device, connection: this.#connection(device) };
  }

  #connection({ path }: MockDevice) {
    return { path, baudRate: 115_200, delivery: this.#delivery };
  }
}
