import type { SendOptions } from '../../src/call-arguments.js';
import { Communicator, type CommunicatorEvents, CommunicatorState, InvalidArgumentError } from '../../src/index.js';

interface TestConnection {
  label: string;
}

interface TestEvents extends CommunicatorEvents {
  test: { value: number };
}

/** What is kept of a connection. */
interface Kept {
  checked: string;
}

/** A communicator whose hooks are the test's. */
export class TestCommunicator extends Communicator<TestConnection, TestEvents, Kept> {
  readonly calls: unknown[][] = [];
  onOpen: () => void | Promise<void> = () => {};
  onTransmit: () => Promise<void> = async () => {};
  onClose: () => Promise<void> = async () => {};

  protected override checkConnection(name: string, connection: TestConnection): Kept {
    if (connection.label === 'invalid') {
      throw new InvalidArgumentError('INVALID_CONNECTION', `${name} is invalid`);
    }
    return { checked: connection.label };
  }

  protected override async openConnections(connections: ReadonlyMap<string, Kept>): Promise<void> {
    this.calls.push(['open', [...connections], this.state]);
    await this.onOpen();
  }

  protected override startReceiving(): void {
    this.calls.push(['start', this.state]);
  }

  protected override transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    this.calls.push(['transmit', name, packet, options]);
    return this.onTransmit();
  }

  protected override closeConnections(): Promise<void> {
    this.calls.push(['close', this.state]);
    return this.onClose();
  }

  receive(name: string, packet: Uint8Array): void | Promise<void> {
    return this.inlet(name).receive(packet);
  }

  report(value: number): void {
    this.emit('test', { value });
  }

  find(name: string): Kept {
    return this.requireConnection('find', name);
  }
}

export const PACKET = Uint8Array.of(1, 2);
export const { UNINITIALIZED, STARTED, STOPPED } = CommunicatorState;

export async function started(): Promise<TestCommunicator> {
  const communicator = new TestCommunicator();
  communicator.addConnection('a', { label: 'A' });
  await communicator.initialize();
  communicator.calls.length = 0;
  return communicator;
}
