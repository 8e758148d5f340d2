// doctape behind msw, for the tests of an application. Needs msw, which is yours.
export { doctapeHandlers } from './sandbox/server/msw-handlers.js';
