/** By the code of the operating system. */
export type ListenProblems = Readonly<Record<string, string>>;

const TCP: ListenProblems = {
  EADDRINUSE: 'another program listens there; choose another port',
  EADDRNOTAVAIL: 'this machine does not have this address; use one that it has, or 0.0.0.0 for all',
  EACCES: 'permission denied; choose a port from 1024 on',
  ENOTFOUND: 'unknown host; check its name',
  EAI_AGAIN: 'the name of the host cannot be looked up now; give its address',
};

/** Why an address cannot be listened on, and what to do about it. */
export function listenProblem(error: unknown, problems: ListenProblems = TCP): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return problems[code] ?? `cannot listen: ${message.replace(/^\w+ E[A-Z]+: /, '')}; choose another address`;
}
