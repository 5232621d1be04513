import { codeBlocks } from './markdown.js';

/** Every transition of a state diagram, as `state event next`. An arrow from a composite state counts for each of its states. */
function transitionsOf(diagram: string): string[] {
  const composites = new Map<string, Set<string>>();
  const arrows: string[][] = [];
  let composite: Set<string> | undefined;
  for (const line of diagram.split('\n').map((line) => line.trim())) {
    const [, opened] = /^state .* as (\S+) \{$/.exec(line) ?? [];
    const [, from, to, event] = /^(\S+) --> (\S+?)(?:: (\S+))?$/.exec(line) ?? [];
    if (opened !== undefined) {
      composite = new Set();
      composites.set(opened, composite);
    } else if (line === '}') {
      composite = undefined;
    } else if (from !== undefined && to !== undefined && from !== '[*]' && to !== '[*]') {
      arrows.push([from, event ?? '(no event)', to]);
      composite?.add(from).add(to);
    }
  }
  return arrows
    .flatMap(([from, event, to]) => [...(composites.get(from!) ?? [from])].map((each) => `${each} ${event} ${to}`))
    .sort();
}

/** The transitions of each state diagram in a document, in the order of the document. */
export function stateDiagrams(document: string): string[][] {
  return codeBlocks(document, 'mermaid')
    .filter((code) => code.startsWith('stateDiagram'))
    .map(transitionsOf);
}
