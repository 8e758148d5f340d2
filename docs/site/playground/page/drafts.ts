// The visitor's versions of the snippets, which survive a reload.

const keyOf = (id: string) => `doctape-playground.draft.${id}`;

export function readDraft(id: string): string | undefined {
  try {
    return localStorage.getItem(keyOf(id)) ?? undefined;
  } catch {
    return undefined; // the browser does not let the page store data
  }
}

/** Stores a draft, or deletes it if it is undefined. */
export function writeDraft(id: string, code: string | undefined): void {
  try {
    if (code === undefined) localStorage.removeItem(keyOf(id));
    else localStorage.setItem(keyOf(id), code);
  } catch {
    // it does not let the page store data, or the storage is full: the draft is lost with the page
  }
}
