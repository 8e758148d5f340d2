// What moves bytes. It is loaded when the first transfer begins: a page that lists files and links to them never needs it.
export { download, openDownload } from './download/download.js';
export { upload } from './upload/upload.js';
