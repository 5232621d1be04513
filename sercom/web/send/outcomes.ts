import type { SendAnswer } from '../../src/web/protocol.js';
import { h } from '../dom.js';
import { clockTime, duration } from '../format/times.js';

/** Older ones are removed. */
const MAX_OUTCOMES = 100;
/** Longer packets are cut here; they are in the table of packets. */
const MAX_CHARACTERS = 300;

/** What became of the packets that were sent, the newest at the bottom. */
export class Outcomes {
  readonly element = h('ol', { class: 'outcomes', role: 'log', 'aria-label': 'Sent packets and replies', tabindex: 0 });

  /** Adds a packet that is being sent. The result is called when it is known what became of it. */
  add(what: string, to: string): (answer: SendAnswer) => void {
    const state = h('span', { class: 'outcome-state' }, '…');
    const result = h('span', { class: 'outcome-result' }, 'sending');
    const item = h(
      'li',
      {},
      h('time', {}, clockTime(Date.now() * 1_000).slice(0, 12)),
      state,
      h('span', { class: 'outcome-to' }, to),
      h('code', {}, cut(what)),
      result,
    );
    this.element.append(item);
    while (this.element.children.length > MAX_OUTCOMES) this.element.firstElementChild!.remove();
    this.#scrollDown();
    return (answer) => {
      const { sign, kind, text } = outcomeOf(answer);
      state.textContent = sign;
      item.className = `outcome-${kind}`;
      result.textContent = cut(text);
      this.#scrollDown();
    };
  }

  #scrollDown(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }
}

/** An answer in words. */
export function outcomeOf({ isSent, problem, reply }: SendAnswer): {
  sign: string;
  kind: 'done' | 'problem';
  text: string;
} {
  if (problem !== undefined) return { sign: '✖', kind: 'problem', text: problem };
  if (!isSent) return { sign: '✖', kind: 'problem', text: 'not sent' };
  if (reply === undefined) return { sign: '✔', kind: 'done', text: 'sent' };
  return { sign: '✔', kind: 'done', text: `reply after ${duration(reply.tookMs * 1_000)}: ${replyText(reply)}` };
}

function replyText({ hex, text }: NonNullable<SendAnswer['reply']>): string {
  return hex === '' ? '(empty)' : `${(hex.match(/../g) ?? []).join(' ')}  ${text}`;
}

function cut(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1)}…`;
}
