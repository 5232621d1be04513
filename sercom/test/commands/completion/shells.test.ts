import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { RunningProcess, SERCOM } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TerminalProcess } from '../../support/terminal-process.js';

/** Loads the script of `sercom` into an interactive shell, also for a command `show` that prints its arguments. */
const SETUP: Readonly<Record<string, { file: string; text: string; options(folder: string): string[] }>> = {
  bash: {
    file: 'bashrc',
    text: `bind 'set bell-style none'; bind 'set enable-bracketed-paste off'
      sercom() { "$NODE" "$SERCOM" "$@"; }
      source <(sercom completion bash)
      show() { printf '<%s>' "$@"; printf '\\nshown\\n'; }
      complete -F _sercom show
      PS1='ready> '`,
    options: (folder) => ['--noprofile', '--rcfile', path.join(folder, 'bashrc'), '-i'],
  },
  zsh: {
    file: '.zshrc',
    text: `autoload -Uz compinit && compinit -u -D
      unsetopt zle_bracketed_paste beep prompt_cr prompt_sp; unset zle_bracketed_paste
      sercom() { "$NODE" "$SERCOM" "$@" }
      source <(sercom completion zsh)
      show() { printf '<%s>' "$@"; printf '\\nshown\\n' }
      compdef _sercom show
      PS1='ready> '`,
    options: () => ['-i'],
  },
};

/** Makes a folder with files and profiles whose names are odd. */
async function oddFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(path.join(folder, 'sercom'));
  await mkdir(path.join(folder, 'images'));
  const files = [
    'uno.hex',
    'pico.uf2',
    'images/my pico.elf',
    'images/my uno.hex',
    'images/notes.txt',
    'a log.log',
    "it's.log",
    '$(touch run).log',
  ];
  await Promise.all(files.map((name) => writeFile(path.join(folder, name), '')));
  const profiles = {
    bench: { ports: ['arm=sim:', 'leg=sim:'] },
    'my "desk"': {},
    $: {},
    '$(touch executed)': {},
    '`touch executed`': {},
  };
  await writeFile(path.join(folder, 'sercom/config.json'), JSON.stringify({ profiles }));
  return folder;
}

/** An interactive shell in a folder with files and profiles whose names are odd. */
class Shell {
  static async start(shell: string): Promise<Shell> {
    const folder = await oddFolder();
    const { file, text, options } = SETUP[shell]!;
    await writeFile(path.join(folder, file), `cd '${folder}'\n${text}\n`);
    const env = { XDG_CONFIG_HOME: folder, HOME: folder, ZDOTDIR: folder, NODE: process.execPath, SERCOM };
    const terminal = new TerminalProcess(options(folder), { columns: 300, command: [shell], env });
    await terminal.printed(/ready> /);
    return new Shell(folder, terminal);
  }

  readonly folder: string;
  readonly #terminal: TerminalProcess;
  #lines = 0;

  private constructor(folder: string, terminal: TerminalProcess) {
    this.folder = folder;
    this.#terminal = terminal;
  }

  /** The arguments of `show` after a line was typed, completed with the tabs in it, and run. */
  async arguments(line: string): Promise<string> {
    this.#terminal.type(`show ${line}\n`);
    this.#lines++;
    // Until the next prompt: what is typed before it reaches the shell in another mode of the terminal.
    await this.#terminal.printed(/\nshown\r?\n[^\n]*ready> /, this.#lines);
    return [...this.#terminal.stdout.matchAll(/(<.*>)\r?\nshown/g)].at(-1)![1]!;
  }
}

for (const shell of Object.keys(SETUP)) {
  describe.skipIf(!has(shell) || !has('python3'))(`completion in an interactive ${shell} (needs python3)`, () => {
    test('completes a profile, one port of it, ports after a name, and images', async () => {
      const interactive = await Shell.start(shell);
      expect(await interactive.arguments('mon\t sim:')).toBe('<monitor><sim:>');
      expect(await interactive.arguments('monitor @ben\t')).toBe('<monitor><@bench>');
      expect(await interactive.arguments('send @bench:a\t')).toBe('<send><@bench:arm>');
      expect(await interactive.arguments('monitor arm=si\t')).toBe('<monitor><arm=sim:>');
      expect(await interactive.arguments('monitor sim:u\t')).toBe('<monitor><sim:uno.hex>');
      expect(await interactive.arguments('monitor arm=sim:u\t -n 1')).toBe('<monitor><arm=sim:uno.hex><-n><1>');
      expect(await interactive.arguments('monitor --parity o\t')).toBe('<monitor><--parity><odd>');
      // After "sim:" and a folder, completing goes on.
      expect(await interactive.arguments('monitor arm=si\tu\t')).toBe('<monitor><arm=sim:uno.hex>');
      expect(await interactive.arguments('monitor sim:im\tm\t')).toBe('<monitor><sim:images/my uno.hex>');
      expect(await interactive.arguments('monitor sim:me\tu\t')).toBe('<monitor><sim:mega:uno.hex>');
      expect(await interactive.arguments('monitor sim:rp2040:p\t')).toBe('<monitor><sim:rp2040:pico.uf2>');
      expect(await interactive.arguments('monitor a=sim:rp2040-uart:im\tm\t')).toBe(
        '<monitor><a=sim:rp2040-uart:images/my pico.elf>',
      );
      expect(await interactive.arguments('monitor sim:rp2040-\tp\t')).toBe('<monitor><sim:rp2040-uart:pico.uf2>');
      if (shell === 'bash') {
        // Zsh offers all files where no image matches.
        expect(await interactive.arguments('monitor sim:images/n\t')).toBe('<monitor><sim:images/n>');
      }
      // A profile has no name.
      expect(await interactive.arguments('monitor arm=@ben\t')).toBe('<monitor><arm=@ben>');
    });

    test('takes names with spaces, quotes and commands literally', async () => {
      const interactive = await Shell.start(shell);
      expect(await interactive.arguments('monitor @my\t')).toBe('<monitor><@my "desk">');
      expect(await interactive.arguments('monitor @\\$\\(t\t')).toBe('<monitor><@$(touch executed)>');
      expect(await interactive.arguments('monitor @\\`\t')).toBe('<monitor><@`touch executed`>');
      expect(await interactive.arguments('replay a\t')).toBe('<replay><a log.log>');
      expect(await interactive.arguments('replay a\\ l\t')).toBe('<replay><a log.log>');
      expect(await interactive.arguments('replay it\t')).toBe("<replay><it's.log>");
      expect(await interactive.arguments('monitor sim: --log \\$\\(\t')).toBe(
        '<monitor><sim:><--log><$(touch run).log>',
      );
      expect(await interactive.arguments('monitor sim: --log ~/a\t')).toBe(
        `<monitor><sim:><--log><${interactive.folder}/a log.log>`,
      );
      for (const name of ['executed', 'run']) {
        expect(existsSync(path.join(interactive.folder, name))).toBe(false);
      }
    });
  });
}

describe.skipIf(!has('fish'))('completion in fish (needs fish)', () => {
  test.each([
    ['monitor @ben', ['@bench', '@bench:arm', '@bench:leg']],
    ['send @bench:a', ['@bench:arm']],
    ['monitor arm=si', ['arm=sim:']],
    ['monitor sim:u', ['sim:uno.hex']],
    ['monitor sim:im', ['sim:images/']],
    ['monitor sim:leonardo:u', ['sim:leonardo:uno.hex']],
    ['monitor sim:rp', ['sim:rp2040-uart:', 'sim:rp2040:']],
    ['monitor a=sim:rp2040:p', ['a=sim:rp2040:pico.uf2']],
    ['monitor sim:rp2040-uart:images/', ['sim:rp2040-uart:images/my pico.elf']],
    ['monitor arm=sim:u', ['arm=sim:uno.hex']],
    ['monitor sim:images/', ['sim:images/my uno.hex']],
    ['monitor arm=@ben', []],
    ['monitor @my', ['@my "desk"']],
    ['monitor @\\$\\(t', ['@$(touch executed)']],
    ['monitor --parity o', ['odd']],
  ])('%s', async (line, words) => {
    const folder = await oddFolder();
    const script = `cd $argv[1]
      function sercom; $NODE $SERCOM $argv; end
      sercom completion fish | source
      complete -C "sercom $argv[2]"`;
    const env = { XDG_CONFIG_HOME: folder, HOME: folder, NODE: process.execPath, SERCOM };
    const { stdout } = await new RunningProcess('fish', ['-c', script, folder, line], env).outcome();
    // A description may follow a word.
    const offered = stdout.split('\n').map((text) => text.replace(/\t.*/, ''));
    expect(offered.filter((word) => word !== '').sort()).toEqual(words);
    expect(existsSync(path.join(folder, 'executed'))).toBe(false);
  });
});
