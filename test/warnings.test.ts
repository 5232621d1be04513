import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ReceiveHandler } from '../src/index.js';
import { LoopbackCommunicator } from '../src/testing/index.js';
import { WARNING_CODES } from '../src/warnings.js';

const PACKET = Uint8Array.of(1);

/** Keeps the warnings that the code under test emits. */
function catchWarnings(): { code: string; message: string; name: string; detail: string | undefined }[] {
  const warnings: ReturnType<typeof catchWarnings> = [];
  const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(((
    message: string,
    { type, code, detail }: { type: string; code: string; detail?: string },
  ) => {
    warnings.push({ code, message, name: type, detail });
  }) as never);
  onTestFinished(() => emitWarning.mockRestore());
  return warnings;
}

/** A started communicator whose devices echo every packet. */
async function start(handler: ReceiveHandler) {
  const communicator = new LoopbackCommunicator();
  communicator.addConnection('arm', {});
  communicator.addConnection('leg', {});
  communicator.setReceiveHandler(handler);
  onTestFinished(() => communicator[Symbol.asyncDispose]());
  await communicator.initialize();
  return communicator;
}

describe('HANDLER_FAILED', () => {
  /** Sends two packets on each connection to a handler that fails. */
  async function fail(prepare: (communicator: LoopbackCommunicator) => void = () => {}): Promise<void> {
    let handled = 0;
    let done = () => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const communicator = await start(() => {
      if (++handled === 4) {
        done();
      }
      throw new TypeError('cannot read it');
    });
    prepare(communicator);
    await Promise.all(['arm', 'leg', 'arm', 'leg'].map((name) => communicator.send(name, PACKET)));
    await all;
    await new Promise((resolve) => setImmediate(resolve));
  }

  test('is emitted once for each connection, with the error and its stack', async () => {
    const warnings = catchWarnings();
    await fail();
    expect(warnings).toEqual(
      ['arm', 'leg'].map((name) => ({
        code: 'HANDLER_FAILED',
        name: 'SerialCommunicatorWarning',
        message:
          `connection "${name}": the receive handler failed: TypeError: cannot read it; ` +
          'listen to "handlerError" to see all errors',
        detail: expect.stringContaining('warnings.test.ts'),
      })),
    );
  });

  test('is not emitted if a listener hears of the error', async () => {
    const warnings = catchWarnings();
    await fail((communicator) => communicator.on('handlerError', () => {}));
    expect(warnings).toEqual([]);
  });

  test('is not emitted if a diagnostics subscriber hears of the error', async () => {
    const warnings = catchWarnings();
    const listener = () => {};
    subscribe('serial-communicator:handlerError', listener);
    await fail();
    unsubscribe('serial-communicator:handlerError', listener);
    expect(warnings).toEqual([]);
  });
});

test('HANDLER_REPLACED is emitted once, when another handler replaces the first', async () => {
  const warnings = catchWarnings();
  const handler = () => {};
  const communicator = await start(handler);
  communicator.setReceiveHandler(handler);
  expect(warnings).toEqual([]);
  communicator.setReceiveHandler(() => {});
  communicator.setReceiveHandler(handler);
  expect(warnings).toMatchObject([
    {
      code: 'HANDLER_REPLACED',
      message: 'setReceiveHandler: replaced the handler of all connections; set one that checks the name',
    },
  ]);
});

test('a handler may return anything', async () => {
  const packets: Uint8Array[] = [];
  const communicator = await start((_, packet) => packets.push(packet));
  await communicator.send('arm', PACKET);
  await vi.waitFor(() => expect(packets).toEqual([PACKET]));
});

test('docs/errors.md describes every warning', () => {
  const text = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
  const section = text.slice(text.indexOf('## Warnings'));
  expect([...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)).toEqual([...WARNING_CODES]);
});
