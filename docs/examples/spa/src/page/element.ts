type Attributes = Record<string, string | boolean | undefined>;

/** Creates an element with attributes and children. Strings become text nodes, so a file name cannot become markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** Makes these the children, in this order. It moves only what is in another place, and the focus stays where it is. */
export function putInOrder(parent: HTMLElement, children: readonly HTMLElement[]): void {
  const focused = document.activeElement;
  const wanted = new Set<Element>(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  if (focused instanceof HTMLElement && focused !== document.activeElement && parent.contains(focused)) focused.focus();
}

let lastId = 0;

/** An id for attributes such as `aria-labelledby`. */
export function uniqueId(): string {
  lastId += 1;
  return `element-${lastId}`;
}
