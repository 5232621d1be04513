import { existsSync, readFileSync } from 'node:fs';
import { readText } from '../read-text.js';

/** What is known about this process and the system that it runs on. */
export interface SystemFacts {
  platform: NodeJS.Platform;
  /** Effective user. Undefined on Windows. */
  uid: number | undefined;
  /** Effective and supplementary groups. */
  gids: readonly number[];
  /** Name of this user in the user database. */
  userName: string | undefined;
  /** The groups of the user database. */
  groups: readonly GroupFacts[];
  isContainer: boolean;
  /** Whether user and group numbers are mapped, as in a rootless container. */
  isUserNamespace: boolean;
}

/** A group of the user database. */
export interface GroupFacts {
  name: string;
  gid: number;
  members: readonly string[];
}

/** Files that docker, podman, and systemd or LXC create in a container. */
const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv', '/run/systemd/container'];

/** The map of a process whose users are those of the machine. */
const WHOLE_MAP = /^\s*0\s+0\s+4294967295\s*$/;

/**
 * Gathers the facts. Never fails: what cannot be read is unknown.
 *
 * @param withUsers - whether to read the user database. Ports that are away need it at no attempt to open them.
 */
export async function systemFacts(withUsers: boolean): Promise<SystemFacts> {
  const uid = process.geteuid?.();
  const egid = process.getegid?.();
  const gids = process.getgroups?.() ?? [];
  const users = withUsers ? await lines('/etc/passwd') : [];
  const groups = withUsers ? await lines('/etc/group') : [];
  containerFacts ??= readContainerFacts();
  return {
    platform: process.platform,
    uid,
    gids: egid === undefined ? gids : [egid, ...gids],
    userName: users.find((fields) => fields[2] === String(uid))?.[0],
    groups: groups.map(([name = '', , gid, members = '']) => ({ name, gid: Number(gid), members: members.split(',') })),
    ...containerFacts,
  };
}

type ContainerFacts = Pick<SystemFacts, 'isContainer' | 'isUserNamespace'>;

/** They never change while a process runs. */
let containerFacts: ContainerFacts | undefined;

function readContainerFacts(): ContainerFacts {
  const { container, KUBERNETES_SERVICE_HOST } = process.env;
  const isMarked = container !== undefined || KUBERNETES_SERVICE_HOST !== undefined;
  return {
    isContainer: isMarked || CONTAINER_FILES.some((file) => existsSync(file)),
    isUserNamespace: hasPartialMap(),
  };
}

function hasPartialMap(): boolean {
  try {
    return !WHOLE_MAP.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    return false;
  }
}

/** The entries of a file such as `/etc/group`, as fields. */
async function lines(file: string): Promise<string[][]> {
  const entries = (await readText(file)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return entries.map((line) => line.split(':'));
}
