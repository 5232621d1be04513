type Listeners = { readonly [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };

/** Attributes by their HTML names; `true` is an empty attribute, `undefined` and `false` leave it out. */
export interface Props {
  readonly on?: Listeners;
  readonly [attribute: string]: string | number | boolean | undefined | Listeners;
}

export type Child = Node | string | number | undefined | false;

/** Creates an element. Strings become text nodes, so text from a device is never markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === 'on') {
      addListeners(element, value as Listeners);
    } else {
      setAttribute(element, name, value as string | number | boolean | undefined);
    }
  }
  append(element, children);
  return element;
}

/** Replaces all children. */
export function replace(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

/** Sets the text, unless it is there already: writing it again would cost a layout. */
export function setText(element: Node, text: string): void {
  const { firstChild } = element;
  if (firstChild instanceof Text && firstChild === element.lastChild) {
    if (firstChild.data !== text) {
      firstChild.data = text;
    }
  } else if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Sets or removes an attribute, unless it has this value already. */
export function setAttribute(element: Element, name: string, value: string | number | boolean | undefined): void {
  // Markup in attributes would bypass the rule that device text is text only, and the page's policy forbids it anyway.
  if (name.startsWith('on') || name === 'style' || name === 'srcdoc') {
    throw new TypeError(`attribute "${name}"`);
  }
  if (value === undefined || value === false) {
    if (element.hasAttribute(name)) {
      element.removeAttribute(name);
    }
    return;
  }
  const text = value === true ? '' : String(value);
  if (element.getAttribute(name) !== text) {
    element.setAttribute(name, text);
  }
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false) {
      continue;
    }
    parent.append(typeof child === 'number' ? String(child) : child);
  }
}

function addListeners(element: HTMLElement, listeners: Listeners): void {
  for (const [type, listener] of Object.entries(listeners)) {
    element.addEventListener(type, listener as EventListener);
  }
}
