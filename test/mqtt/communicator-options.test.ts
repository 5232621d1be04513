import { describe, expect, test } from 'vitest';
import { MqttCommunicator } from '../../src/mqtt/index.js';

describe('MqttCommunicator without a broker', () => {
  test.each([
    [{}, /^MqttCommunicator: url is missing; expected mqtt:/],
    [{ url: 'localhost' }, /url is "localhost"/],
    [{ url: 'http://localhost' }, /url is/],
    [{ url: 'mqtt://h', base: 'a//b' }, /base is "a\/\/b"; expected one or more levels/],
    [{ url: 'mqtt://h', mqtt: { clean: false } }, /mqtt has "clean", which this library sets itself/],
    [{ url: 'mqtt://h', defaults: { sendTimeoutMs: 0 } }, /defaults: sendTimeoutMs is 0/],
    [{ url: 'mqtt://h', qos: 1 }, /unknown option "qos"/],
  ])('refuses the options %j', (options, message) => {
    expect(() => new MqttCommunicator(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    ['arm', {}, /bridge is missing/],
    ['arm', { bridge: 'a/b' }, /bridge is "a\/b"; expected 1 to 255 characters without/],
    ['arm', { bridge: 'bench', connection: '#' }, /connection is "#"/],
    ['arm/1', { bridge: 'bench' }, /the name cannot be part of a topic; .* or the setting connection/],
    ['other', { bridge: 'bench', connection: 'leg' }, /connection "leg" is the same device/],
  ])('refuses the connection %j %j', (name, connection, message) => {
    const remote = new MqttCommunicator({ url: 'mqtt://h' });
    remote.addConnection('leg', { bridge: 'bench' });
    expect(() => remote.addConnection(name, connection as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONNECTION', message: expect.stringMatching(message) }),
    );
    // A name that no topic could have is fine with a name for the bridge.
    remote.addConnection('the arm/1', { bridge: 'bench', connection: 'arm' });
  });

  test('onRequest is refused: the program that has the port answers requests of the device', () => {
    const remote = new MqttCommunicator({ url: 'mqtt://h' });
    remote.addConnection('arm', { bridge: 'bench', requestIds: true });
    expect(() => remote.onRequest('arm', (packet) => packet)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining('program that has the port'),
      }),
    );
  });
});
