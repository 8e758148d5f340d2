// msw handlers over a sandbox, for the tests of an application. `msw` is an optional peer dependency.
export { doctapeHandlers } from './sandbox/server/msw-handlers.js';
