import { h, setAttribute } from './dom.js';

const STEP_PX = 24;

export interface SplitterOptions {
  readonly label: string;
  /** What it makes higher or lower, below it. */
  readonly below: HTMLElement;
  readonly minPx: number;
  /** How much of the height must be left above. */
  readonly minAbovePx: number;
}

/** A bar between two parts of a view that sets the height of the lower one: by dragging, or with the arrow keys. */
export function splitter({ label, below, minPx, minAbovePx }: SplitterOptions): HTMLElement {
  const room = () => Math.max(minPx, (below.parentElement?.clientHeight ?? 0) - minAbovePx);
  const describe = () => {
    setAttribute(bar, 'aria-valuemax', room());
    setAttribute(bar, 'aria-valuenow', below.offsetHeight);
  };
  const setHeight = (px: number) => {
    below.style.flexBasis = `${Math.round(Math.max(minPx, Math.min(px, room())))}px`;
    describe();
  };
  const onPointerMove = (event: PointerEvent) => {
    if (bar.hasPointerCapture(event.pointerId)) {
      setHeight(below.getBoundingClientRect().bottom - event.clientY);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowUp: STEP_PX, ArrowDown: -STEP_PX }[event.key];
    if (by === undefined) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    setHeight(below.offsetHeight + by);
  };
  const bar = h('div', {
    class: 'splitter',
    role: 'separator',
    tabindex: 0,
    'aria-orientation': 'horizontal',
    'aria-label': label,
    'aria-valuemin': minPx,
    'aria-valuenow': minPx,
    on: {
      pointerdown: (event) => bar.setPointerCapture(event.pointerId),
      pointermove: onPointerMove,
      keydown: onKey,
      focus: describe,
    },
  });
  return bar;
}
