import { readFile } from 'node:fs/promises';
import { describeValue, invalidOption } from '../../options.js';
import type { Binding } from '../../serial/binding.js';
import { withKnownPaths } from '../known-paths.js';
import { SimulatedBoard } from './simulated-board.js';

/**
 * A binding whose ports are simulated boards, for `new SerialCommunicator({ binding })`, and for anything else that
 * takes a `@serialport/bindings-interface` binding. `list` shows the boards that are plugged in as USB devices.
 *
 * @param boards - Their paths must differ.
 * @throws InvalidArgumentError (`INVALID_OPTION`) if an argument is no SimulatedBoard, or two have the same path.
 */
export function simulatedBinding(...boards: SimulatedBoard[]): Binding {
  const boardsByPath = new Map<string, SimulatedBoard>();
  for (const board of boards) {
    if (!(board instanceof SimulatedBoard)) {
      throw invalidOption(
        `simulatedBinding: got ${describeValue(board)}; expected SimulatedBoards, as in simulatedBinding(arm, leg)`,
      );
    }
    if (boardsByPath.has(board.path)) {
      throw invalidOption(`simulatedBinding: two boards have the path ${board.path}`);
    }
    boardsByPath.set(board.path, board);
  }
  const binding: Binding = {
    async list() {
      return boards.filter((board) => board.isPlugged).map((board) => ({ ...board.info }));
    },
    async open(options) {
      if (typeof options !== 'object' || options === null || Array.isArray(options)) {
        throw new TypeError('"options" is not an object');
      }
      if (!options.path) {
        throw new TypeError('"path" is not a valid port');
      }
      const board = boardsByPath.get(options.path);
      if (!board) {
        throw new Error(`Error: No such file or directory, cannot open ${options.path}`);
      }
      return board.open(options);
    },
  };
  return withKnownPaths(binding, () => [...boardsByPath.keys()]);
}

/** The packaged `firmware-echo` image for the Uno, an `image` for {@link SimulatedBoard}: Intel HEX. */
export function unoEchoImage(): Promise<string> {
  return readFile(new URL('../../../firmware-echo/prebuilt/uno.hex', import.meta.url), 'utf8');
}
