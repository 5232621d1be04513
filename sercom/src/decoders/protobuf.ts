import protobuf from 'protobufjs';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Decoder } from './decoder.js';
import { toJsonValue } from './json-value.js';
import { explainTruncation } from './limits.js';
import { loadProto } from './proto-files.js';

/**
 * Creates a decoder for one message type of a `.proto` file. Omits fields that the type does not define.
 *
 * @param spec - `FILE:TYPE`, split at the last colon
 * @param folders - where imports are searched, after the folder of the file that imports them
 * @throws CliError if the file cannot be loaded (failure) or does not define the type (usage error)
 */
export async function protobufDecoder(spec: string, folders: readonly string[] = []): Promise<Decoder> {
  const [, file, typeName] = /^(.+):([^:]+)$/s.exec(spec) ?? [];
  if (file === undefined || typeName === undefined) {
    throw new CliError(
      ExitCode.usage,
      `--decode "protobuf:${spec}": expected protobuf:FILE:TYPE, for example protobuf:arm.proto:Pose`,
    );
  }
  const type = findType(await loadProto(file, folders), file, typeName);
  return {
    name: 'protobuf',
    decode(packet) {
      const message = explainTruncation(packet, () => type.decode(packet));
      const value = toJsonValue(type.toObject(message, { longs: BigInt, enums: String }));
      return { value, text: JSON.stringify(value) };
    },
  };
}

function findType(root: protobuf.Root, file: string, typeName: string): protobuf.Type {
  try {
    return root.lookupType(typeName);
  } catch (error) {
    const names = listTypes(root).map((name) => name.slice(1));
    const help = names.length === 0 ? 'the file defines none' : `available: ${names.slice(0, 20).join(', ')}`;
    throw new CliError(ExitCode.usage, `--decode: unknown message type "${typeName}" in ${file}; ${help}`, {
      cause: error,
    });
  }
}

/** The full names of all message types, each with the leading dot that protobuf.js adds. */
function listTypes(namespace: protobuf.NamespaceBase): string[] {
  return namespace.nestedArray.flatMap((nested) => [
    ...(nested instanceof protobuf.Type ? [nested.fullName] : []),
    ...(nested instanceof protobuf.Namespace ? listTypes(nested) : []),
  ]);
}
