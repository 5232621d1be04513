import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import { completeMqttConnection } from '../../src/mqtt/communicator/mqtt-connection.js';
import { MqttBridge, MqttCommunicator } from '../../src/mqtt/index.js';

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/mqtt.md'), 'utf8');

/** The names in the first column of the table that follows a text, with their defaults. */
function rows(before: string): [name: string, value: string][] {
  const [, after = ''] = text.split(before);
  const [table = ''] = after.trimStart().split('\n\n');
  return [...table.matchAll(/^\| `(\w+)` \| ([^|]*?) ?\|/gm)].map(([, name, value]) => [name!, value!]);
}

/** The names that the message of an unknown option lists. */
function expected(call: () => unknown): string[] {
  try {
    call();
  } catch (error) {
    return (error as Error).message.replace(/^.*; expected one of /, '').split(', ');
  }
  throw new Error('the unknown option was accepted');
}

const unknown = { noSuchOption: 1 } as never;
const remote = () => new MqttCommunicator({ url: 'mqtt://localhost' });

describe('docs/mqtt.md', () => {
  const common = rows('Both ends have these options:');

  test('lists the options of the bridge', () => {
    const names = [...common, ...rows('`MqttBridge` has these, too:')].map(([name]) => name);
    expect(names.sort()).toEqual(expected(() => new MqttBridge(new SerialCommunicator(), unknown)).sort());
  });

  test('lists the options of the communicator', () => {
    const names = [...common.map(([name]) => name), 'defaults'];
    expect(names.sort()).toEqual(expected(() => new MqttCommunicator(unknown)).sort());
  });

  test('lists the settings of a connection, with their defaults', () => {
    const settings = rows('settings for all connections. A connection has these:');
    expect(settings.map(([name]) => name).sort()).toEqual(
      expected(() => remote().addConnection('arm', unknown)).sort(),
    );
    const defaults = completeMqttConnection('arm', { bridge: 'bench' }, {});
    for (const [name, value] of settings.filter(([name]) => name !== 'bridge' && name !== 'connection')) {
      expect(value.replaceAll('`', '').replaceAll("'", ''), name).toBe(`${defaults[name as keyof typeof defaults]}`);
    }
  });
});
