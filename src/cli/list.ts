import type { PortInfo } from '../index.js';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { printMessage } from './message.js';
import type { Output } from './output.js';
import { portJson, portTable } from './port-table.js';

export interface ListOptions {
  json?: boolean;
}

/** Prints the serial ports of this machine: those of USB devices first. */
export async function list({ json = false }: ListOptions, output: Output): Promise<ExitCode> {
  const { listPorts } = await import('../index.js');
  const ports = await listPorts().catch((error: Error) => {
    throw new CliError(ExitCode.failure, `cannot list the ports: ${error.message}`, { cause: error });
  });
  ports.sort((a, b) => rank(a) - rank(b));
  if (json) {
    output.write(portJson(ports));
  } else if (ports.length > 0) {
    output.write(portTable(ports));
  } else {
    printMessage('there are no ports; is the device plugged in, and the cable one that carries data?');
  }
  return ExitCode.success;
}

function rank({ vendorId }: PortInfo): number {
  return vendorId === undefined ? 1 : 0;
}
