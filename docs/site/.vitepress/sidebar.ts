// The sidebar of the site, by task. test/docs/site.test.ts checks that it has every page of docs/.

export interface SidebarLink {
  text: string;
  link: string;
}

export interface SidebarGroup {
  text: string;
  collapsed?: boolean;
  items: SidebarLink[];
}

export const sidebar: SidebarGroup[] = [
  {
    text: 'Start here',
    items: [
      { text: 'Overview', link: '/overview' },
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Playground', link: '/playground/' },
      { text: 'Migrate from the clients of 2013', link: '/migrating' },
      { text: 'Glossary', link: '/glossary' },
    ],
  },
  {
    text: 'Sign in',
    items: [
      { text: 'On a server', link: '/server' },
      { text: 'In a browser page', link: '/browser' },
      { text: 'From a script', link: '/scripts' },
    ],
  },
  {
    text: 'Call the API',
    items: [
      { text: 'The client and its options', link: '/client' },
      { text: 'Work with files', link: '/files' },
      { text: 'Upload files', link: '/uploads' },
      { text: 'Download files', link: '/downloads' },
      { text: 'Upload and download folders', link: '/folders' },
      { text: 'Build links', link: '/links' },
      { text: 'View documents', link: '/view' },
      { text: 'Use the command line', link: '/cli' },
    ],
  },
  {
    text: 'Develop and test',
    items: [
      { text: 'Run the sandbox', link: '/sandbox' },
      { text: 'Media in the sandbox', link: '/media' },
      { text: 'Test your application', link: '/testing' },
      { text: 'Test runners', link: '/test-runners' },
      { text: 'Recipes', link: '/recipes' },
    ],
  },
  {
    text: 'Go to production',
    items: [
      { text: 'Handle errors', link: '/errors' },
      { text: 'Retries, timeouts, cancellation', link: '/retries' },
      { text: 'Logging and metrics', link: '/logging' },
      { text: 'Proxies and custom fetch', link: '/proxies' },
      { text: 'Security', link: '/security' },
      { text: 'Performance', link: '/performance' },
      { text: 'Runtimes', link: '/runtimes' },
    ],
  },
  {
    text: 'Examples',
    collapsed: true,
    items: [
      { text: 'Single-page application', link: '/examples/spa' },
      { text: 'Express', link: '/examples/express' },
      { text: 'Hono', link: '/examples/hono' },
      { text: 'Next.js', link: '/examples/next' },
      { text: 'Cloudflare Workers', link: '/examples/worker' },
      { text: 'View API', link: '/examples/view' },
      { text: 'Backup', link: '/examples/backup' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'All operations', link: '/operations' },
      { text: 'The protocol', link: '/wire' },
      { text: 'API reference', link: '/reference/' },
    ],
  },
  {
    text: 'Project',
    collapsed: true,
    items: [
      { text: 'Changes', link: '/changelog' },
      { text: 'Design', link: '/design' },
      { text: 'Contributing', link: '/contributing' },
    ],
  },
];
