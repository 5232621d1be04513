import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';
import type { Binding } from '../../src/index.js';
import type { PortOpenOptions } from '../../src/serial/port.js';
import { Device } from '../../src/testing/device.js';
import { deviceBinding } from '../../src/testing/device-binding.js';
import { MockPort } from '../../src/testing/mock/mock-port.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The module for MicroPython, as text. */
export const PACKETS_PY = readFileSync(path.join(ROOT, 'firmware/micropython/packets.py'), 'utf8');

const STAND_INS = readFileSync(path.join(ROOT, 'test/micropython/stand_ins.py'), 'utf8');

/** Enough for hex text of packets of 65,536 bytes. */
const HEAP_BYTES = 8 << 20;

const interpreter = await loadMicroPython({
  heapsize: HEAP_BYTES,
  linebuffer: true,
});
interpreter.FS.writeFile('/packets.py', PACKETS_PY);
interpreter.runPython(STAND_INS);
interpreter.runPython('import packets');

/** Runs Python. A test file has one interpreter, with the names of `test/micropython/stand_ins.py` and `packets`. */
export function python(code: string): void {
  interpreter.runPython(code);
}

let evaluations = 0;

/** The value of a Python expression: a number, a string, a boolean, or null. */
export function evaluate(expression: string): unknown {
  const name = `_value${evaluations++ % 2}`;
  interpreter.runPython(`${name} = ${expression}`);
  return interpreter.globals.get(name);
}

export const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Python for a `bytes` object. */
export const literal = (bytes: Uint8Array | string) =>
  `unhexlify('${typeof bytes === 'string' ? Buffer.from(bytes).toString('hex') : hexOf(bytes)}')`;

/** The value of an expression that is `bytes`; undefined if it is None. */
export function evaluateBytes(expression: string): Buffer | undefined {
  python(`_bytes = ${expression}`);
  return evaluate('_bytes is None') ? undefined : Buffer.from(evaluate('hexlify(_bytes).decode()') as string, 'hex');
}

/**
 * A device that runs MicroPython, with a `Line` of its own, whose name in Python is `line`. `program` defines a function
 * `loop`, which handles all packets that have arrived. Later devices replace earlier ones.
 */
export class MicroPythonDevice extends Device<MockPort> {
  constructor(devicePath: string, program: string) {
    super(devicePath, {});
    python('line = Line()\nUART.line = line');
    python(program);
  }

  /** Calls `loop`, even if nothing has arrived. */
  run(): void {
    python('loop()\nwhile line.incoming:\n    loop()');
    const [port] = this.ports;
    const output = evaluate('line.take()') as string;
    if (output !== '') {
      // A device does not notice that its port was closed.
      port?.send(Buffer.from(output, 'hex')).catch(() => {});
    }
  }

  protected override newPort(openOptions: Required<PortOpenOptions>): MockPort {
    return new MockPort(openOptions, {
      maxReadSize: 1_024,
      isStalled: false,
      written: () => {},
      writeShortened: () => {},
      bytesArrived: (bytes) => {
        python(`line.feed('${hexOf(bytes)}')`);
        this.run();
      },
      signalsSet: () => {},
      discarded: () => {},
    });
  }
}

/** Makes a binding whose port is that of the device. */
export function microPythonBinding(device: MicroPythonDevice): Binding {
  return deviceBinding('microPythonBinding', MicroPythonDevice, [device]);
}
