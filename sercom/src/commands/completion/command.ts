import { Argument } from 'commander';
import type { Define } from '../command.js';
import { PORTS, SHELLS, type Shell } from './completion.js';

/** `sercom completion`, which completes the commands beside it. */
export const define: Define = (command, output, exit) => {
  command
    .addArgument(
      new Argument('<shell>', `${SHELLS.join(', ')}; "${PORTS}" prints what can be a port, for the scripts`).choices([
        ...SHELLS,
        PORTS,
      ]),
    )
    .addHelpText(
      'after',
      `
Examples:
  source <(sercom completion bash)                                     (in ~/.bashrc)
  sercom completion zsh > "\${fpath[1]}/_sercom"
  sercom completion fish > ~/.config/fish/completions/sercom.fish`,
    )
    .action(async (shell: Shell | typeof PORTS) => {
      const { completion } = await import('./completion.js');
      exit(await completion(shell, command.parent!, output));
    });
};
