/*
 * Errors in the words of Linux and of serialport's own bindings, so that a `SerialCommunicator` gives them the same
 * codes as it does with real ports.
 */

/** The error of opening a port that does not exist. */
export function noSuchPort(path: string): Error {
  return new Error(`Error: No such file or directory, cannot open ${path}`);
}

/** The error of opening a port that is already open. */
export function portBusy(): Error {
  return new Error('Error Resource temporarily unavailable Cannot lock port');
}

/** The error of every call to a port whose device was unplugged. */
export function unplugged(path: string, remark = ''): Error {
  const message = `ENXIO: no such device or address, ${path} was unplugged${remark}`;
  return Object.assign(new Error(message), { code: 'ENXIO', disconnect: true });
}

/** The error of every call to a port whose device has stopped. */
export function crashed(path: string, reason: string): Error {
  return Object.assign(new Error(`EIO: i/o error, ${path}: ${reason}`), { code: 'EIO', disconnect: true });
}

/** The error of opening a port whose device has stopped. */
export function cannotOpen(path: string, reason: string): Error {
  return new Error(`Error: Input/output error, cannot open ${path}: ${reason}`);
}
