import type { FilesContext } from '../files/files-context.js';
import type { RecentRequests } from '../log/recent-requests.js';

/** The context of the start page and the pages that it links to. */
export interface StartContext extends FilesContext {
  recent: RecentRequests;
}
