// One chunk, loaded when it is first needed.
export { download } from '../transport/download/download.js';
export { upload } from '../transport/upload/upload.js';
export { iterateFiles } from './iterate-files.js';
export { request } from './request.js';
export { uploadEach, uploadFiles } from './uploads.js';
export { waitUntilProcessed } from './wait-until-processed.js';
