import { EventEmitter } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DirectPort, type PolledPort } from '../../src/serial/direct/direct-port.js';
import { turns } from '../support/direct-ports.js';
import { PortRecorder } from '../support/port-recorder.js';

/** A direct port on a file that can only be written, with a poller that the test controls. */
function openOnFile() {
  const folder = mkdtempSync(path.join(tmpdir(), 'direct-port-'));
  const fd = openSync(path.join(folder, 'file'), 'w');
  const poller = Object.assign(new EventEmitter(), { poll: vi.fn() });
  const close = vi.fn(async () => {});
  onTestFinished(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  return { port: new DirectPort({ fd, poller, close } as unknown as PolledPort, undefined), poller, close };
}

// Not on Windows, which has no such ports.
describe.skipIf(process.platform === 'win32')('a direct port', () => {
  test('hangs up when a read fails', async () => {
    const { port, poller } = openOnFile();
    const recorder = new PortRecorder(port);
    recorder.resume();
    poller.emit('readable', null);
    await recorder.hangsUp();
    expect(recorder.hangUps).toMatchObject([
      { disconnect: true, message: expect.stringMatching(/^read failed: bad file descriptor$/) },
    ]);
  });

  test('waits when it is closed until the device has accepted what was written', async () => {
    const { port, poller, close } = openOnFile();
    new PortRecorder(port);
    port.write(Uint8Array.of(1));
    const closed = port.close();
    await turns(5);
    expect(close).not.toHaveBeenCalled();
    // It asks for room to write, and nothing else.
    expect(poller.poll).toHaveBeenLastCalledWith(2);
    poller.emit('writable', null);
    await closed;
    expect(close).toHaveBeenCalledOnce();
  });

  test('closes at once when nothing was written', async () => {
    const { port, poller, close } = openOnFile();
    const polls = poller.poll.mock.calls.length;
    await port.close();
    expect(close).toHaveBeenCalledOnce();
    expect(poller.poll.mock.calls.slice(polls)).toEqual([]);
  });

  test.each([
    [65_535, false],
    [65_536, true],
  ])('after a write of %i bytes, the event loop has to run first: %s', async (bytes, mustRun) => {
    const { port } = openOnFile();
    let hasRun = false;
    setImmediate(() => {
      hasRun = true;
    });
    const written = port.write(new Uint8Array(bytes));
    expect(written === undefined).toBe(!mustRun);
    await written;
    expect(hasRun).toBe(mustRun);
    expect(port.writtenBytes).toBe(bytes);
  });
});
