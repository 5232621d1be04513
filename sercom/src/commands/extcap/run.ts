import { CliError } from '../../cli-error.js';
import { decoderOfAll } from '../../decoders/record-decoder.js';
import { ExitCode } from '../../exit-codes.js';
import { sessionPorts } from '../../ports/open-ports.js';
import { greet } from '../../session/greeting.js';
import { LivePorts } from '../../session/live-ports.js';
import { runFlow } from '../../session/run-flow.js';
import { RecordFlow } from '../../sinks/flow.js';
import { openSinks } from '../../sinks/index.js';
import type { Output } from '../../terminal/output.js';
import type { Run } from '../command.js';
import { BYTES, type definition, type ExtcapOptions } from './command.js';
import { configSentences, dltSentence, interfaceSentences, pathOf } from './sentences.js';

/** Replies to one of Wireshark's queries, or captures from a port until Wireshark stops it. */
export const run: Run<typeof definition> = async (options, output) => {
  if (options.extcapInterfaces) {
    const { listPorts } = await import('serial-communicator');
    print(output, interfaceSentences(await listPorts()));
    return ExitCode.success;
  }
  const path = pathOf(options.extcapInterface);
  if (options.extcapDlts) {
    print(output, [dltSentence(options.decode)]);
  } else if (options.extcapConfig) {
    print(output, configSentences());
  } else if (options.capture) {
    return capture(path, options, output);
  } else if (options.extcapCaptureFilter === undefined) {
    throw new CliError(ExitCode.usage, 'nothing to do; use --extcap-dlts, --extcap-config or --capture');
  } else if (options.extcapCaptureFilter !== '') {
    // Wireshark shows this output as the error in the filter.
    print(output, ['capture filters are not supported; use a display filter']);
  }
  return ExitCode.success;
};

function print(output: Output, lines: readonly string[]): void {
  void output.write(lines.map((line) => `${line}\n`).join(''));
}

/** A live port, to a capture. */
async function capture(path: string, options: ExtcapOptions, output: Output): Promise<ExitCode> {
  if (options.fifo === undefined) {
    throw new CliError(ExitCode.usage, '--capture requires --fifo');
  }
  const ports = sessionPorts([{ name: path, path, baudRate: options.baud }], options, {
    skipFirst: options.skipFirst,
  });
  const decoder = options.decode === BYTES ? undefined : decoderOfAll({ name: options.decode });
  // Wireshark has created the file for this capture.
  const flow = new RecordFlow(
    await openSinks({ pcapng: options.fifo, force: true }, { names: [path], decoder, flag: '--fifo' }),
  );
  const echoing = ports.filter(({ isEchoSketch }) => isEchoSketch);
  const source = new LivePorts({
    ports,
    seeBytes: `"sercom monitor ${path} --raw" shows them`,
    work: (live) => Promise.race(echoing.map(({ name }) => greet(name, live, flow.take))),
  });
  // No totals at the end: Wireshark shows what is on stderr as an error.
  return runFlow({ source, flow, output, printsNothing: true, interruptedCode: ExitCode.success });
}
