import * as browser from '../../src/browser.js';
import * as index from '../../src/index.js';
import * as node from '../../src/node.js';
import * as sandbox from '../../src/sandbox.js';
import * as serve from '../../src/serve.js';
import * as server from '../../src/server.js';
import * as testing from '../../src/testing.js';
import * as view from '../../src/view.js';

/** The exports of each entry point. */
export const entries: Record<string, object> = {
  'doctape-sdk': index,
  'doctape-sdk/browser': browser,
  'doctape-sdk/node': node,
  'doctape-sdk/sandbox': sandbox,
  'doctape-sdk/serve': serve,
  'doctape-sdk/server': server,
  'doctape-sdk/testing': testing,
  'doctape-sdk/view': view,
};
