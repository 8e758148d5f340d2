import { readdirSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

// Every file directly in src/ is an entry point.
const entry = readdirSync('src', { withFileTypes: true })
  .filter((file) => file.isFile())
  .map((file) => `src/${file.name}`);

const common: Options = {
  entry,
  format: 'esm',
  target: 'es2022',
  platform: 'node',
  removeNodeProtocol: false,
  splitting: true,
  sourcemap: true,
};

const config: ReturnType<typeof defineConfig> = defineConfig([
  { ...common, clean: true },
  { ...common, dts: { only: true } },
]);
export default config;
