import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, realpathSync, rmSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { directBinding } from '../../src/index.js';
import {
  cpuShare,
  descriptorsOf,
  errorOf,
  isRoot,
  needsPty,
  openPaused,
  openPort,
  openPty,
  sleep,
  stallWrite,
  turns,
  write,
} from '../support/direct-ports.js';
import { polledBinding } from '../support/native-bindings.js';
import { PortRecorder } from '../support/port-recorder.js';
import { Pty } from '../support/pty.js';

describe.skipIf(needsPty).each([
  ['directBinding', directBinding],
  ['directBinding with its poller', polledBinding],
])('%s on a pty (needs python3, Linux)', (_, binding) => {
  test('passes on received bytes and writes bytes', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    recorder.resume();
    await device.write(Buffer.from('hello'));
    await recorder.receives('hello');
    await write(port, Buffer.from('world'));
    expect((await device.read()).toString()).toBe('world');
    await write(port, Buffer.alloc(0));
  });

  test('continues a write that the kernel accepts only in part', async () => {
    const { device, port } = await openPty(binding);
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 251));
    const written = write(port, bytes);
    const chunks: Buffer[] = [];
    for (let got = 0; got < bytes.length; ) {
      const chunk = await device.read();
      chunks.push(chunk);
      got += chunk.length;
    }
    await written;
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('receives while a write is stalled', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    recorder.resume();
    const { pending } = await stallWrite(port);
    for (const text of ['a', 'ab', 'abc', 'abcd', 'abcde']) {
      await device.write(Buffer.from(text.at(-1)!));
      await recorder.receives(text);
    }
    let drained = 0;
    while (drained < 200_000) {
      drained += (await device.read()).length;
    }
    await pending;
  });

  test('uses less than 1 % CPU for a paused port with unread bytes, also after a stalled write', async () => {
    const { device, port, recorder } = await openPaused(binding);
    const { pending } = await stallWrite(port);
    while ((await device.read()).length > 0) {
      // Until the write has ended.
    }
    await pending;
    await device.write(Buffer.alloc(1_000, 1));
    await turns(20);
    expect(await cpuShare(500)).toBeLessThan(0.01);
    expect(recorder.text).toBe('x');
  });

  test('uses less than 1 % CPU for a port whose write is stalled', async () => {
    const { port } = await openPty(binding);
    await stallWrite(port);
    expect(await cpuShare(500)).toBeLessThan(0.01);
  });

  describe.each(['close', 'vhangup'] as const)('after a hang-up (%s)', (how) => {
    test.skipIf(how === 'vhangup' && !isRoot)('reports it, and refuses writes (vhangup needs root)', async () => {
      const { device, port } = await openPty(binding);
      const recorder = new PortRecorder(port);
      recorder.resume();
      await write(port, Buffer.alloc(10));
      expect(port.writtenBytes).toBe(10);
      await device[how]();
      await recorder.hangsUp();
      expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
      expect(await errorOf(write(port, Buffer.alloc(10)))).toMatchObject({ disconnect: true });
      expect(port.writtenBytes).toBe(0);
      expect(await cpuShare(300)).toBeLessThan(0.01);
      expect(recorder.hangUps).toHaveLength(1);
    });

    test.skipIf(how === 'vhangup' && !isRoot)('rejects a stalled write (vhangup needs root)', async () => {
      const { device, port } = await openPty(binding);
      const recorder = new PortRecorder(port);
      const failed = errorOf((await stallWrite(port)).pending);
      await device[how]();
      expect(await failed).toMatchObject({ disconnect: true });
      await recorder.hangsUp();
      expect(await cpuShare(300)).toBeLessThan(0.01);
      expect(recorder.hangUps).toHaveLength(1);
    });

    test.skipIf(how === 'vhangup' && !isRoot)(
      'reports it once to a paused listener, with and without unread bytes (vhangup needs root)',
      async () => {
        for (const unread of [0, 100]) {
          const { device, recorder } = await openPaused(binding);
          if (unread > 0) {
            await device.write(Buffer.alloc(unread, 1));
            await turns(20);
          }
          await device[how]();
          await recorder.hangsUp();
          expect(await cpuShare(200)).toBeLessThan(0.01);
          expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
        }
      },
    );

    test.skipIf(how === 'vhangup' && !isRoot)(
      'reports it to a listener that has never asked for a chunk, and passes on none (vhangup needs root)',
      async () => {
        const { device, port } = await openPty(binding);
        const recorder = new PortRecorder(port);
        await device.write(Buffer.from('unread'));
        await device[how]();
        await recorder.hangsUp();
        expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
        expect(recorder.text).toBe('');
      },
    );
  });

  test('passes on nothing that was received before a flush after it', async () => {
    const { device, port, recorder } = await openPaused(binding);
    await device.write(Buffer.from('ef'));
    await turns(20);
    await port.flush();
    const flushed = recorder.text;
    recorder.resume();
    await device.write(Buffer.from('gh'));
    await recorder.receives(`${flushed}gh`);
  });

  test('keeps its lock, and leaves no descriptor open', async () => {
    const device = new Pty();
    onTestFinished(() => device.end());
    const portPath = await device.open();
    const terminal = realpathSync(portPath);
    const port = await openPort(binding, portPath);
    expect(descriptorsOf(terminal)).toBeGreaterThan(0);
    await expect(openPort(binding, portPath)).rejects.toThrow('lock');
    await port.close();
    expect(descriptorsOf(terminal)).toBe(0);
    const again = await openPort(binding, portPath);
    const recorder = new PortRecorder(again);
    await device.close();
    await recorder.hangsUp();
    await again.close();
    expect(descriptorsOf(terminal)).toBe(0);
  });

  test('treats an end of file as a hang-up (needs stty)', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    recorder.resume();
    execFileSync('stty', ['-F', port.openOptions.path, 'icanon']);
    // Ctrl-D ends a line of input, so the pty stays open but a read returns no bytes.
    await device.write(Buffer.of(4));
    await recorder.hangsUp();
    expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
    expect(await errorOf(write(port, Buffer.of(1)))).toMatchObject({ disconnect: true });
    expect(await cpuShare(200)).toBeLessThan(0.01);
  });

  test('passes on no chunk until the listener asks, then one at a time, and reports a hang-up once', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    await device.write(Buffer.from('a'));
    await turns(20);
    expect(recorder.text).toBe('');
    recorder.resume();
    await recorder.receives('a');
    await device.write(Buffer.from('b'));
    await recorder.receives('ab');
    recorder.wantsMore = false;
    await device.write(Buffer.from('c'));
    await recorder.receives('abc');
    await device.write(Buffer.from('d'));
    await turns(20);
    expect(recorder.text).toBe('abc');
    recorder.resume();
    await recorder.receives('abcd');
    await device.close();
    await recorder.hangsUp();
    port.start(recorder);
    await turns(2);
    expect(recorder.hangUps).toHaveLength(1);
  });

  test('reports a hang-up that happened before the listener was set', async () => {
    const { device, port } = await openPty(binding);
    await device.close();
    await vi.waitFor(() => expect(() => port.write(Buffer.alloc(0))).toThrow());
    const recorder = new PortRecorder(port);
    await recorder.hangsUp();
    expect(recorder.hangUps).toMatchObject([{ disconnect: true }]);
  });

  test('closing cancels the pending write, and uses the descriptor no more', async () => {
    const { device, port } = await openPty(binding);
    const recorder = new PortRecorder(port);
    recorder.resume();
    const writing = errorOf((await stallWrite(port)).pending);
    const closing = port.close();
    expect(port.isOpen).toBe(false);
    await closing;
    // The next file opened gets the number of the descriptor. It must not get our bytes, or lose any to us.
    const reused = openSync('/dev/null', 'r+');
    onTestFinished(() => closeSync(reused));
    await device.write(Buffer.from('late'));
    expect(await writing).toMatchObject({ canceled: true });
    await expect(write(port, Buffer.alloc(1))).rejects.toThrow('Port is not open');
    await expect(port.close()).rejects.toThrow('Port is not open');
    expect(recorder).toMatchObject({ text: '', hangUps: [] });
  });

  test('refuses a write while one is pending', async () => {
    const { port } = await openPty(binding);
    await stallWrite(port);
    const { writtenBytes } = port;
    await expect(write(port, Buffer.alloc(1))).rejects.toThrow('a write is already pending');
    expect(port.writtenBytes).toBe(writtenBytes);
  });

  test('lets the event loop run while a caller writes again and again', async () => {
    const { port, device } = await openPty(binding);
    await device.echo(true);
    const recorder = new PortRecorder(port);
    recorder.resume();
    let stop = false;
    const timer = sleep(50).then(() => {
      stop = true;
    });
    let writes = 0;
    while (!stop) {
      await write(port, Buffer.from([1]));
      writes++;
    }
    await timer;
    expect(writes).toBeGreaterThan(16);
  });

  test('reads and writes while all four threads of the pool are blocked', async () => {
    const { device, port } = await openPty(binding);
    await device.echo(true);
    const folder = mkdtempSync(path.join(tmpdir(), 'fifo-'));
    const fifos = ['a', 'b', 'c', 'd'].map((name) => path.join(folder, name));
    execFileSync('mkfifo', fifos);
    // Each blocks a thread of the pool until the other end is opened.
    const blocked = fifos.map((fifo) => open(fifo, 'r'));
    let isPoolFree = false;
    const looked = stat(folder).then(() => {
      isPoolFree = true;
    });
    const recorder = new PortRecorder(port);
    recorder.resume();
    let sent = '';
    for (let i = 0; i < 100; i++) {
      sent += String.fromCharCode(i);
      await write(port, Buffer.of(i));
      await recorder.receives(sent);
    }
    expect(isPoolFree).toBe(false);
    for (const fifo of fifos) {
      closeSync(openSync(fifo, 'r+'));
    }
    await Promise.all(blocked.map(async (file) => (await file).close()));
    await looked;
    rmSync(folder, { recursive: true });
  });
});
