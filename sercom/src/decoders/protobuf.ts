import protobuf from 'protobufjs';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Decoder } from './decoder.js';
import { jsonable } from './jsonable.js';
import { explainEnd } from './truncated.js';

/**
 * A decoder for messages of one type, which a `.proto` file describes. What the type does not know is left out.
 *
 * @param spec - `FILE:TYPE`; the last colon ends the file's name
 * @throws CliError if the file cannot be read (failure), or has no such type (wrong use)
 */
export async function protobufDecoder(spec: string): Promise<Decoder> {
  const [, file, typeName] = /^(.+):([^:]+)$/s.exec(spec) ?? [];
  if (file === undefined || typeName === undefined) {
    throw new CliError(
      ExitCode.usage,
      `--decode "protobuf:${spec}": write protobuf:FILE:TYPE, as in protobuf:arm.proto:Pose`,
    );
  }
  const type = typeIn(await load(file), file, typeName);
  return {
    name: 'protobuf',
    decode(packet) {
      const message = explainEnd(packet, () => type.decode(packet));
      const value = jsonable(type.toObject(message, { longs: BigInt, enums: String }));
      return { value, text: JSON.stringify(value) };
    },
  };
}

async function load(file: string): Promise<protobuf.Root> {
  try {
    const root = await protobuf.load(file);
    root.resolveAll();
    return root;
  } catch (error) {
    throw new CliError(ExitCode.failure, `cannot use ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function typeIn(root: protobuf.Root, file: string, typeName: string): protobuf.Type {
  try {
    return root.lookupType(typeName);
  } catch (error) {
    const names = typesOf(root).map((name) => name.slice(1));
    const there = names.length === 0 ? 'it has none' : `it has ${names.slice(0, 20).join(', ')}`;
    throw new CliError(ExitCode.usage, `there is no message type "${typeName}" in ${file}; ${there}`, { cause: error });
  }
}

/** The full names of all message types, with the leading dot that protobuf.js puts before them. */
function typesOf(namespace: protobuf.NamespaceBase): string[] {
  return namespace.nestedArray.flatMap((nested) => [
    ...(nested instanceof protobuf.Type ? [nested.fullName] : []),
    ...(nested instanceof protobuf.Namespace ? typesOf(nested) : []),
  ]);
}
