import type { ViteUserConfig } from 'vitest/config';
import { testsIn } from '../support/tests-in.js';

const config: ViteUserConfig = testsIn('journeys');
export default config;
