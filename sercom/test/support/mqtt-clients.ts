import { onTestFinished } from 'vitest';
import { Mosquitto, type MosquittoOptions } from '../../../test/support/mosquitto.js';
import { RunningProcess } from './sercom-process.js';

/** Published by {@link listen} before, so that the client prints it as soon as it is subscribed. */
const MARKER = 'subscribed';

/** Starts a broker. It ends with the test. */
export async function startBroker(options?: MosquittoOptions): Promise<Mosquitto> {
  const broker = await Mosquitto.start(options);
  onTestFinished(() => broker.stop());
  return broker;
}

/**
 * A client of the mosquitto project that prints each message on a topic as `TOPIC RETAINED PAYLOAD`, unless options say otherwise.
 * Resolves when it is subscribed.
 */
export async function listen(broker: Mosquitto, topic: string, ...options: string[]): Promise<RunningProcess> {
  await publish(broker, MARKER, '', '-r', ...options.filter((option, index) => isLogin(option, options[index - 1])));
  const format = options.includes('-F') ? [] : ['-F', '%t %r %p'];
  const topics = ['-t', MARKER, '-t', topic];
  const client = new RunningProcess('mosquitto_sub', [...connecting(broker), ...topics, ...format, ...options]);
  await client.printed(new RegExp(`^${MARKER}`, 'm'));
  return client;
}

/** What a listening client has printed about topics that begin with this: one line for each message. */
export function heard(client: RunningProcess, topic: string): string[] {
  return client.stdout.split('\n').filter((line) => line.startsWith(topic));
}

/** Publishes a message with a client of the mosquitto project. Resolves when the broker has it. */
export async function publish(broker: Mosquitto, topic: string, payload: string, ...options: string[]): Promise<void> {
  const message = payload === '' ? ['-m', ' '] : ['-m', payload];
  const client = new RunningProcess('mosquitto_pub', [
    ...connecting(broker),
    ...['-q', '1', '-t', topic, ...message, ...options],
  ]);
  const { code, stderr } = await client.outcome();
  if (code !== 0) {
    throw new Error(`mosquitto_pub ended with ${code}: ${stderr}`);
  }
}

function connecting({ port }: Mosquitto): string[] {
  return ['-V', '5', '-h', '127.0.0.1', '-p', String(port)];
}

const LOGIN = ['-u', '-P', '--cafile', '--cert', '--key'];

function isLogin(option: string, before: string | undefined): boolean {
  return LOGIN.includes(option) || (before !== undefined && LOGIN.includes(before));
}
