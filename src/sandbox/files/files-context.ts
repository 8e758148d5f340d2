import type { Conversions } from '../convert/conversions.js';
import type { SandboxContext } from '../core/context.js';
import type { MediaWork } from '../media/media-work.js';
import type { RenditionCache } from '../media/rendition-cache.js';

/** The context of the features that read or convert the content of files. */
export interface FilesContext extends SandboxContext {
  media: MediaWork;
  renditions: RenditionCache;
  conversions: Conversions;
}
