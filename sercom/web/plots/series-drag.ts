import type { SeriesName } from '../state.js';

/** Series on their way to a plot. */
export interface DraggedSeries {
  readonly series: readonly SeriesName[];
  /** The place of the plot they come from; undefined if they come from the list. */
  readonly from: number | undefined;
}

/** Only what this page has dragged is taken: whatever comes from elsewhere has another type. */
const TYPE = 'application/x-sercom-series';

/** Kept here because browsers hide what is dragged from the element it is over. */
let dragged: DraggedSeries | undefined;

/** Makes an element draggable. */
export function makeDraggable(element: HTMLElement, what: () => DraggedSeries): void {
  element.draggable = true;
  element.addEventListener('dragstart', (event) => {
    dragged = what();
    const { dataTransfer } = event;
    if (dataTransfer === null) return;
    dataTransfer.effectAllowed = 'copyMove';
    dataTransfer.setData(TYPE, '');
    dataTransfer.setData('text/plain', dragged.series.map(({ name, path }) => `${name} ${path}`).join('\n'));
  });
  element.addEventListener('dragend', () => {
    dragged = undefined;
  });
}

/** Lets series be dropped on an element, which has the class `drop-target` while they are above it. */
export function acceptDrops(element: HTMLElement, onDrop: (dropped: DraggedSeries) => void): void {
  // Children send events of their own, so entering and leaving are counted.
  let depth = 0;
  const setDepth = (value: number) => {
    depth = value;
    element.classList.toggle('drop-target', depth > 0);
  };
  const accepts = (event: DragEvent) => dragged !== undefined && event.dataTransfer?.types.includes(TYPE) === true;
  element.addEventListener('dragenter', (event) => {
    if (!accepts(event)) return;
    event.preventDefault();
    setDepth(depth + 1);
  });
  element.addEventListener('dragover', (event) => {
    if (!accepts(event)) return;
    event.preventDefault();
    event.dataTransfer!.dropEffect = dragged!.from === undefined ? 'copy' : 'move';
  });
  element.addEventListener('dragleave', (event) => {
    if (accepts(event)) setDepth(Math.max(0, depth - 1));
  });
  element.addEventListener('drop', (event) => {
    setDepth(0);
    if (!accepts(event)) return;
    event.preventDefault();
    event.stopPropagation();
    onDrop(dragged!);
  });
}
