import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { type FeedClient, type ServedPage, servedBy } from '../support/page-client.js';
import { RunningProcess, SERCOM } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const text = readFileSync(path.resolve(import.meta.dirname, '../../../docs/web.md'), 'utf8');

/** The recording that the examples use. */
const recording = /`arm\.log`:\n\n```\n(.*?)```/s.exec(text)![1]!;

/** The port and the feed in the examples. */
const PORT = '127.0.0.1:8080';
const FEED = '75f496f4-632f-497a-a6e3-c21237d10772';

const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
  .map(([, language = '', content = '']) => ({
    kind: content.startsWith('event: ') ? 'events' : language,
    content,
  }))
  .filter(({ kind }) => ['console', 'http', 'events'].includes(kind));

/** The examples, from each command with a page to the next one. */
const scenes = blocks.reduce<(typeof blocks)[]>((all, block) => {
  if (/^\$ sercom .* --web/.test(block.content)) {
    all.push([]);
  }
  all.at(-1)!.push(block);
  return all;
}, []);

/** Removes what differs between runs. */
function normalized(printed: string): string {
  return printed.replace(/http:\/\/127\.0\.0\.1:\d+\/(#token=[\w-]{32})?/g, (_, token) =>
    token === undefined ? 'ADDRESS' : 'ADDRESS#TOKEN',
  );
}

/** The same of JSON: replaces numbers of memory and times, and names that are random. */
function stable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, each) => {
    if (['usedBytes', 'tookMs'].includes(key)) {
      return typeof each;
    }
    return ['run', 'feed'].includes(key) ? /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(each) : each;
  });
}

/** The commands of a block, with what they print. */
function commandsOf(block: string): { command: string; printed: string }[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((example) => {
      const end = example.indexOf('\n');
      return { command: example.slice(0, end), printed: example.slice(end + 1) };
    });
}

/** Runs examples in a folder of their own, which has the recording. */
class Scene {
  readonly #folder: string;
  #page: ServedPage | undefined;
  #feed: FeedClient | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<Scene> {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'arm.log'), recording);
    return new Scene(folder);
  }

  async play(kind: string, content: string): Promise<void> {
    if (kind === 'console') {
      for (const { command, printed } of commandsOf(content)) {
        await (command.startsWith('sercom ') ? this.#serve(command, printed) : this.#run(command, printed));
      }
    } else if (kind === 'http') {
      await this.#ask(content);
    } else {
      await this.#watch(content);
    }
  }

  #shell(command: string): RunningProcess {
    const script = `cd "${this.#folder}" && sercom() { exec "${process.execPath}" "${SERCOM}" "$@"; }; ${command}`;
    return new RunningProcess('bash', ['-c', script]);
  }

  /** Starts the command, which chooses a port itself, so that examples can run at the same time. */
  async #serve(command: string, printed: string): Promise<void> {
    const running = this.#shell(command.replace('--web-listen 8080', '--web-listen 0').replace(/ &$/, ''));
    this.#page = await servedBy(running, this.#folder);
    await running.complained(/\n/, printed.split('\n').length - 1);
    expect(normalized(running.stderr)).toBe(normalized(printed));
  }

  async #run(command: string, printed: string): Promise<void> {
    const { port } = this.#page!;
    const { stdout, stderr } = await this.#shell(command.replace(PORT, `127.0.0.1:${port}`)).outcome();
    expect(stdout + stderr, command).toBe(printed);
  }

  /** Sends a request, and compares its answer. */
  async #ask(content: string): Promise<void> {
    const [, api = '', request = '', status, answer = ''] =
      /^POST \/api\/([\w-]+)\n(.*)\n\n(\d+)\n(.*)\n$/.exec(content) ?? [];
    const body = JSON.parse(this.#feed === undefined ? request : request.replace(FEED, this.#feed.id));
    const actual = await this.#page!.client.post(api, body);
    expect({ status: actual.status, answer: stable(actual.json()) }, content).toEqual({
      status: Number(status),
      answer: stable(JSON.parse(answer)),
    });
  }

  /** Waits for what the feed has sent in the example, however many batches that took. */
  async #watch(content: string): Promise<void> {
    const events = [...content.matchAll(/^event: (\w+)\ndata: (.*)\n/gm)].map(([, type, data = '']) => ({
      type,
      data: JSON.parse(data),
    }));
    this.#feed ??= await this.#page!.client.feed();
    const feed = this.#feed;
    const batch = Object.assign({}, ...events.filter(({ type }) => type === 'batch').map(({ data }) => data));
    await feed.until(() =>
      Object.keys(batch).every((key) => JSON.stringify(stable(feed.latest)).includes(JSON.stringify(key))),
    );
    expect(stable(feed.latest)).toMatchObject(stable(batch) as object);
    for (const { data } of events.filter(({ type }) => type === 'hello')) {
      expect(stable(feed.hello)).toEqual(stable(data));
    }
  }
}

describe.skipIf(!has('bash') || !has('curl'))('the examples in docs/web.md (need bash and curl)', () => {
  test.each(scenes.map((scene) => [commandsOf(scene[0]!.content)[0]!.command, scene] as const))(
    '%s',
    async (_command, scene) => {
      const stage = await Scene.open();
      for (const { kind, content } of scene) {
        await stage.play(kind, content);
      }
    },
  );

  test('show each request', () => {
    const shown = new Set(
      [
        ...blocks
          .map(({ content }) => content)
          .join('')
          .matchAll(/\/api\/[\w-]+/g),
      ].map(([api]) => api),
    );
    const described = new Set([...text.matchAll(/`POST (\/api\/[\w-]+)`/g)].map(([, api]) => api));
    expect([...described].filter((api) => !shown.has(api!))).toEqual([]);
  });
});
