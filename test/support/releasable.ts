import { SerialCommunicator } from '../../src/index.js';

/** What a test calls to release one connection, and to reopen it. */
export interface ReleaseControl {
  release(): Promise<void>;
  reopen(options?: { signal?: AbortSignal }): Promise<void>;
}

/** A communicator whose hooks of a release can be called. */
export class ReleasableCommunicator extends SerialCommunicator {
  connection(name: string): ReleaseControl {
    return {
      release: () => this.releaseConnection(name),
      reopen: (options) => this.reopenConnection(name, options?.signal),
    };
  }
}
