import { Argument } from 'commander';
import type { Register } from './command.js';
import { PORTS, SHELLS, type Shell } from './completion.js';

/** Adds `sercom completion`. */
export const registerCompletion: Register = (program, output, exit) => {
  program
    .command('completion')
    .description('print the script that completes sercom in a shell')
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
      exit(await completion(shell, program, output));
    });
};
