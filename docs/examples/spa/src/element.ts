type Attributes = Record<string, string | boolean | undefined>;

/** An element with its attributes and children. Text is always text: what a file is called can never become markup. */
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

/** For what `aria-labelledby` and its like refer to. */
export function uniqueId(): string {
  lastId += 1;
  return `element-${lastId}`;
}
