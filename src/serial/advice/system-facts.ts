import { access, readFile } from 'node:fs/promises';

/** What is known about this process and the system that it runs on. */
export interface SystemFacts {
  platform: NodeJS.Platform;
  /** Effective user. Undefined on Windows. */
  uid: number | undefined;
  /** Effective and supplementary groups. */
  gids: readonly number[];
  /** Name of this user in the user database, and the groups of this machine. */
  userName: string | undefined;
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

/** Gathers the facts. Never fails: what cannot be read is unknown. */
export async function systemFacts(): Promise<SystemFacts> {
  const uid = process.geteuid?.();
  const egid = process.getegid?.();
  const gids = process.getgroups?.() ?? [];
  const users = await lines('/etc/passwd');
  const groups = await lines('/etc/group');
  const map = await text('/proc/self/uid_map');
  return {
    platform: process.platform,
    uid,
    gids: egid === undefined ? gids : [egid, ...gids],
    userName: users.find((fields) => fields[2] === String(uid))?.[0],
    groups: groups.map(([name = '', , gid, members = '']) => ({ name, gid: Number(gid), members: members.split(',') })),
    isContainer: await isContainer(),
    isUserNamespace: map !== '' && !WHOLE_MAP.test(map),
  };
}

async function isContainer(): Promise<boolean> {
  const files = CONTAINER_FILES.map((file) =>
    access(file).then(
      () => true,
      () => false,
    ),
  );
  const isMarked = (await Promise.all(files)).includes(true);
  return isMarked || process.env.container !== undefined || process.env.KUBERNETES_SERVICE_HOST !== undefined;
}

/** The entries of a file such as `/etc/group`, as fields. */
async function lines(file: string): Promise<string[][]> {
  const entries = (await text(file)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return entries.map((line) => line.split(':'));
}

async function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
