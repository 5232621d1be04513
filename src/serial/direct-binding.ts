import { isMainThread } from 'node:worker_threads';
import type { BindingPort, DescribingBinding } from './binding.js';
import { DirectPort, type PolledPort } from './direct-port.js';
import { findPort, listPorts } from './list-ports.js';
import { nativeBinding } from './native-binding.js';
import { openAgain } from './tty-reader.js';

/**
 * A binding whose ports read and write on the thread of the event loop, without the thread pool. Opening, line
 * settings, control lines and closing are those of `@serialport/bindings-cpp`.
 *
 * To read, a port that opens quickly (within 250 ms) is opened twice more: once by the thread pool, once by libuv. Where
 * that is not possible, it is read with some more system calls.
 *
 * It is the default of `SerialCommunicator` on Linux. On macOS it can be asked for; nobody has run it there yet.
 * Windows has no such poller: there opening a port fails.
 *
 * `open` rejects with an error whose `code` is `WORKER_UNSUPPORTED` in a worker thread, where the poller never fires.
 */
export const directBinding: DescribingBinding = {
  list: listPorts,
  describe: findPort,

  async open(options): Promise<BindingPort> {
    if (!isMainThread) {
      throw Object.assign(new Error('serial ports cannot be used in a worker thread: open them in the main thread'), {
        code: 'WORKER_UNSUPPORTED',
      });
    }
    const native = await nativeBinding();
    const startedAt = performance.now();
    const port = await native.open(options);
    if (!isPolled(port)) {
      await port.close();
      throw new Error(`the direct binding does not work on ${process.platform}; leave the option "binding" out`);
    }
    try {
      return new DirectPort(port, await openAgain(port.fd!, performance.now() - startedAt));
    } catch (error) {
      await port.close();
      throw error;
    }
  },
};

function isPolled(port: BindingPort): port is PolledPort {
  return 'poller' in port && 'fd' in port;
}
