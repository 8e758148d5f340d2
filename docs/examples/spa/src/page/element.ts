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

let lastId = 0;

/** An id for attributes such as `aria-labelledby`. */
export function uniqueId(): string {
  lastId += 1;
  return `element-${lastId}`;
}
