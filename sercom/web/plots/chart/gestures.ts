import type { Chart } from './chart.js';
import type { CursorLayer } from './cursor-layer.js';
import {
  type DragKind,
  dragKind,
  isClick,
  type Place,
  selectedArea,
  selectionOf,
  wheelFactor,
  zoneOf,
} from './drag.js';

/** What gestures ask for. Places are pixels from the top left corner of the lines; shares are of its width or height. */
export interface GestureEvents {
  hover(place: Place | undefined): void;
  click(place: Place): void;
  /** Shows exactly this part of the axis. */
  selectTime(from: number, to: number): void;
  selectValues(from: number, to: number): void;
  panTime(share: number): void;
  panValues(share: number): void;
  zoomTime(factor: number, at: number): void;
  zoomValues(factor: number, at: number): void;
  resetTime(): void;
  resetValues(): void;
}

interface Drag {
  readonly kind: DragKind;
  readonly start: Place;
  last: Place;
  hasMoved: boolean;
}

/** Pointers, wheels and fingers on a chart. */
export class Gestures {
  readonly #chart: Chart;
  readonly #layer: CursorLayer;
  readonly #events: GestureEvents;
  readonly #touches = new Map<number, Place>();
  #drag: Drag | undefined;

  constructor(chart: Chart, layer: CursorLayer, events: GestureEvents) {
    this.#chart = chart;
    this.#layer = layer;
    this.#events = events;
    const { element } = chart;
    element.addEventListener('pointerdown', (event) => this.#down(event));
    element.addEventListener('pointermove', (event) => this.#move(event));
    element.addEventListener('pointerup', (event) => this.#up(event));
    element.addEventListener('pointercancel', (event) => this.#cancel(event));
    element.addEventListener('pointerleave', () => events.hover(undefined));
    element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    element.addEventListener('dblclick', (event) => this.#doubleClick(event));
  }

  /** Ends a drag without doing anything. False if there is none. */
  abort(): boolean {
    const isDragging = this.#drag !== undefined;
    this.#drag = undefined;
    this.#layer.select(undefined);
    return isDragging;
  }

  #down(event: PointerEvent): void {
    const place = this.#placeOf(event);
    const zone = zoneOf(place, this.#chart.area);
    if (zone === undefined || event.button > 1) return;
    if (event.pointerType === 'touch') this.#touches.set(event.pointerId, place);
    this.#chart.element.setPointerCapture(event.pointerId);
    // The middle button would start to scroll, and a drag to select text.
    if (event.button === 1) event.preventDefault();
    if (this.#touches.size > 1) {
      this.#drag = undefined;
      return;
    }
    const pointer = { type: event.pointerType, button: event.button, hasShift: event.shiftKey };
    this.#drag = { kind: dragKind(zone, pointer), start: place, last: place, hasMoved: false };
  }

  #move(event: PointerEvent): void {
    const place = this.#placeOf(event);
    if (this.#touches.size > 1) {
      this.#pinch(event.pointerId, place);
      return;
    }
    const drag = this.#drag;
    const { area } = this.#chart;
    const isInside = zoneOf(place, area) === 'lines';
    this.#events.hover(isInside && drag?.kind !== 'pan-values' ? place : undefined);
    if (drag === undefined) return;
    drag.hasMoved ||= !isClick(drag.start, place);
    if (!drag.hasMoved) return;
    if (drag.kind === 'select') {
      const selection = selectionOf(drag.start, place, area);
      this.#layer.select(selection && selectedArea(selection, area));
    } else if (drag.kind === 'pan') {
      this.#events.panTime((drag.last.x - place.x) / area.width);
    } else {
      this.#events.panValues((place.y - drag.last.y) / area.height);
    }
    drag.last = place;
  }

  #up(event: PointerEvent): void {
    const place = this.#placeOf(event);
    this.#touches.delete(event.pointerId);
    const drag = this.#drag;
    this.abort();
    if (drag === undefined) return;
    if (!drag.hasMoved) {
      if (zoneOf(place, this.#chart.area) === 'lines') this.#events.click(place);
      return;
    }
    const selection = drag.kind === 'select' ? selectionOf(drag.start, place, this.#chart.area) : undefined;
    if (selection?.axis === 'time') this.#events.selectTime(selection.from, selection.to);
    if (selection?.axis === 'values') this.#events.selectValues(selection.from, selection.to);
  }

  #cancel(event: PointerEvent): void {
    this.#touches.delete(event.pointerId);
    this.abort();
  }

  /** Two fingers: the distance between them zooms, their middle pans. */
  #pinch(id: number, place: Place): void {
    const before = this.#touches.get(id);
    const other = [...this.#touches].find(([each]) => each !== id)?.[1];
    if (before === undefined || other === undefined) return;
    this.#touches.set(id, place);
    const distance = Math.max(20, Math.abs(place.x - other.x));
    const middle = (place.x + other.x) / 2;
    this.#events.panTime((before.x - place.x) / 2 / this.#chart.area.width);
    this.#events.zoomTime(Math.max(20, Math.abs(before.x - other.x)) / distance, middle);
  }

  /** With Ctrl, too: that is how browsers report two fingers on a touchpad. */
  #wheel(event: WheelEvent): void {
    const place = this.#placeOf(event);
    const zone = zoneOf(place, this.#chart.area);
    if (zone === undefined) return;
    event.preventDefault();
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
    if (zone === 'value-axis') this.#events.zoomValues(wheelFactor(delta, event.deltaMode), place.y);
    else if (isSideways) this.#events.panTime(Math.log(wheelFactor(delta, event.deltaMode)) / 2);
    else this.#events.zoomTime(wheelFactor(delta, event.deltaMode), place.x);
  }

  #doubleClick(event: MouseEvent): void {
    const zone = zoneOf(this.#placeOf(event), this.#chart.area);
    if (zone === 'value-axis') this.#events.resetValues();
    else if (zone === 'time-axis') this.#events.resetTime();
  }

  #placeOf(event: MouseEvent): Place {
    const { left, top } = this.#chart.element.getBoundingClientRect();
    const { area } = this.#chart;
    return { x: event.clientX - left - area.left, y: event.clientY - top - area.top };
  }
}
