import { memoryStore } from '../../../src/sandbox.js';
import { diskStore } from '../../../src/serve.js';
import { makeFolder } from '../../support/data-folder.js';
import { closeAfterTest } from '../../support/store.js';
import { testStore } from './store-contract.js';

testStore('memoryStore', async () => closeAfterTest(memoryStore()));
testStore('diskStore', async () => closeAfterTest(diskStore(await makeFolder())));
