import { statSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { PushBinding } from '../binding.js';
import { findPort, listPorts } from '../list-ports.js';
import { nativeBinding } from '../native-binding.js';
import type { Port, ReadPort } from '../port.js';
import { DirectPort, type PolledPort } from './direct-port.js';
import { warnIfShared } from './shared-port.js';
import { openAgain } from './tty-reader.js';

/**
 * A binding whose ports are read and written on the thread of the event loop, without the thread pool. It is the
 * default of `SerialCommunicator` on Linux. On macOS it can be passed as an option, but it was never run there. On
 * Windows opening a port fails.
 *
 * `@serialport/bindings-cpp` opens and closes the port and controls its lines. To read it, a port that opens within
 * 250 ms is opened two more times, by the thread pool and by libuv. If that is impossible, reading takes more system
 * calls.
 *
 * `open` rejects with an error whose `code` is `WORKER_UNSUPPORTED` in a worker thread, where the poller of
 * `@serialport/bindings-cpp` never reports anything.
 */
export const directBinding: PushBinding = {
  list: listPorts,
  describe: findPort,

  hasNode(path) {
    try {
      return statSync(path, { throwIfNoEntry: false }) !== undefined;
    } catch {
      // Opening it says what is wrong.
      return true;
    }
  },

  async open(options) {
    if (!isMainThread) {
      throw Object.assign(new Error('serial ports do not work in a worker thread; open them in the main thread'), {
        code: 'WORKER_UNSUPPORTED',
      });
    }
    const native = await nativeBinding();
    const startedAt = performance.now();
    const port = await native.open(options);
    if (!isPolled(port)) {
      await port.close();
      throw new Error(`directBinding is not supported on ${process.platform}; omit the "binding" option`);
    }
    if (options.lock === false) {
      void warnIfShared(port.fd!, options.path);
    }
    try {
      return new DirectPort(port, await openAgain(port.fd!, performance.now() - startedAt));
    } catch (error) {
      await port.close();
      throw error;
    }
  },
};

function isPolled(port: Port | ReadPort): port is PolledPort {
  return 'poller' in port && 'fd' in port;
}
