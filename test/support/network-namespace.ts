import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { has } from './tools.js';

/** Whether this process can make network namespaces. Root cannot in every container. */
export const canMakeNamespaces = process.platform === 'linux' && has('ip') && has('nft') && tryNamespace();

function tryNamespace(): boolean {
  const name = `sc-probe-${process.pid}`;
  const isMade = spawnSync('ip', ['netns', 'add', name]).status === 0;
  return isMade && spawnSync('ip', ['netns', 'del', name]).status === 0;
}

let made = 0;

/**
 * A second host: a network namespace with a cable of its own to this one. Its packets can be dropped, so that it vanishes
 * without closing its connections.
 */
export class NetworkNamespace {
  readonly #name: string;
  readonly #programs: { kill(): void }[] = [];
  /** The address of this host for it. */
  readonly hereIpv4: string;
  /** Its addresses. */
  readonly ipv4: string;
  readonly ipv6: string;

  constructor() {
    // Test files run in several processes at a time.
    const number = (process.pid * 8 + made++) % 16_384;
    const [high, low] = [number >> 6, (number & 63) * 4];
    const [here, there] = [`sct${number}h`, `sct${number}d`];
    this.#name = `sc-test-${number}`;
    this.hereIpv4 = `10.213.${high}.${low + 1}`;
    this.ipv4 = `10.213.${high}.${low + 2}`;
    this.ipv6 = `fd5c:${number.toString(16)}::2`;
    run(`ip netns add ${this.#name}`);
    run(`ip link add ${here} type veth peer name ${there} netns ${this.#name}`);
    run(`ip addr add ${this.hereIpv4}/30 dev ${here}`);
    run(`ip addr add fd5c:${number.toString(16)}::1/64 dev ${here} nodad`);
    run(`ip link set ${here} up`);
    this.#run(`ip addr add ${this.ipv4}/30 dev ${there}`);
    this.#run(`ip addr add ${this.ipv6}/64 dev ${there} nodad`);
    this.#run(`ip link set ${there} up`);
  }

  /** Runs a program of Node.js there. Resolves with its first line of output. */
  async node(program: string): Promise<string> {
    const child = spawn('ip', ['netns', 'exec', this.#name, process.execPath, '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#programs.push(child);
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return line as string;
  }

  /** From now on, nothing gets in or out. */
  vanish(): void {
    this.#run('nft add table inet gone');
    for (const hook of ['input', 'output']) {
      this.#run(`nft add chain inet gone ${hook} { type filter hook ${hook} priority 0; policy drop; }`);
    }
  }

  /** Ends {@link vanish}. */
  comeBack(): void {
    this.#run('nft delete table inet gone');
  }

  remove(): void {
    for (const program of this.#programs) {
      program.kill();
    }
    // The cable goes with it.
    run(`ip netns del ${this.#name}`);
  }

  #run(command: string): void {
    run(`ip netns exec ${this.#name} ${command}`);
  }
}

function run(command: string): void {
  const [program = '', ...words] = command.split(' ');
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
