/** A program that the visitor can edit and run. */
export interface Snippet {
  id: string;
  title: string;
  /** What to see. Ends with a dot. */
  about: string;
  /** The guide that explains it. */
  guide: string;
  code: string;
}

const sources = import.meta.glob<string>('../snippets/*.js', { query: '?raw', import: 'default', eager: true });

function snippet(id: string, title: string, about: string, guide: string): Snippet {
  const code = sources[`../snippets/${id}.js`];
  if (code === undefined) throw new Error(`docs/site/playground/snippets has no ${id}.js`);
  return { id, title, about, guide, code };
}

export const snippets: readonly Snippet[] = [
  snippet('upload', 'Upload a picture', 'Draws a picture, uploads it, and shows its thumbnail.', '/uploads'),
  snippet('list', 'List files', 'Reads the files one by one, while the list arrives.', '/files#list-files'),
  snippet(
    'thumbnails',
    'Show thumbnails',
    'Links to small versions of the pictures, for an img element.',
    '/links#renditions',
  ),
  snippet('publish', 'Publish a file', 'Makes a link that anyone can open, without a token.', '/links'),
  snippet(
    'your-files',
    'Your own files',
    'Uploads the files that you choose, and shows what the sandbox finds in them.',
    '/uploads#many-files',
  ),
  snippet('sign-in', 'Sign in', 'Goes to the sign-in page of the sandbox, and comes back with a token.', '/browser'),
  snippet(
    'faults',
    'Cause a fault',
    'The sandbox breaks connections and fails. The client retries, then gives up.',
    '/sandbox#faults',
  ),
  snippet('errors', 'Handle errors', 'Tells errors apart by class. The last one is not caught.', '/errors'),
];
