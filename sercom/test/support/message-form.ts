import { expect } from 'vitest';

/** Codes of the operating system, classes and stacks, which say nothing to users. */
const RAW = /(?<![-\w])E[A-Z]{3,}\b|Error\b|\bat \S+:\d+:\d+|node:/;

/** Names of the library's calls and settings: users of the command line have options. */
const API_NAMES = /\b(?:setSignals|addConnection|initialize|shutdown|listPorts)\b|\b[a-z]+[A-Z][A-Za-z]*(?:Ms|Bytes)\b/;

/** A clause that says what to do, or that options exclude or need each other. */
const ADVICE =
  /; [a-z"']|\? |Did you mean|, for example|cannot be used with|requires|to type|use --|raise --|: (?:does|check) /;

/**
 * Checks the form of what a failed command printed on stderr: `sercom: where: what is wrong; what to do`, one line for each
 * problem.
 *
 * @param commandLine - nothing in it that is longer than three characters may be repeated within a message
 */
export function expectMessageForm(stderr: string, commandLine: readonly string[] = [], lines = 1): void {
  expect(stderr.endsWith('\n'), `ends with a line end: ${stderr}`).toBe(true);
  const messages = stderr.slice(0, -1).split('\n');
  expect(messages, stderr).toHaveLength(lines);
  for (const message of messages) {
    expect(message).toMatch(/^sercom: \S/);
    expect(message).not.toMatch(/[\x00-\x1f\x7f]/);
    expect(message).not.toMatch(RAW);
    expect(message).not.toMatch(API_NAMES);
    expect(message).toMatch(ADVICE);
    // No punctuation at the end, none in front of other punctuation, and none between spaces.
    expect(message).not.toMatch(/(?<!sim)[.,;:]$/);
    expect(message).not.toMatch(/[.,;:] ?[,;:](?![\w/])| [,;.](?: |$)|\. [A-Z]/);
    const withoutReference = message.replace(/; see "sercom.*$|\(Did you mean [^)]*\)/g, '');
    for (const word of commandLine.filter((each) => each.length > 3)) {
      // "--mqtt-user" does not repeat "--mqtt".
      const places = withoutReference.split(word).slice(1);
      const repeated = places.filter((after) => !(word.startsWith('--') && /^-\w/.test(after)));
      expect(repeated.length, `"${word}" is repeated: ${message}`).toBeLessThan(2);
    }
  }
}
