import { invalidOption } from '../options.js';

/** What this library uses of MQTT.js. */
export type Mqtt = Pick<typeof import('mqtt'), 'connect'>;

/**
 * Loads MQTT.js: an optional peer dependency, so it is loaded only when a client connects.
 *
 * @param where - what needs it: the beginning of the message
 * @throws InvalidArgumentError (`INVALID_OPTION`) if it cannot be loaded
 */
export async function loadMqtt(where: string): Promise<Mqtt> {
  try {
    return await import('mqtt');
  } catch (error) {
    const [reason] = (error as Error).message.split('\n', 1);
    const message = `${where}: needs the package mqtt (${reason}); run "npm install mqtt@5", or, in a bundle, mark "mqtt" as external`;
    throw Object.assign(invalidOption(message), { cause: error });
  }
}
