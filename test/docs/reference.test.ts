import { Application, Logger, LogLevel, ReflectionKind } from 'typedoc';
import { expect, it } from 'vitest';

/** Gathers what typedoc has to say, in place of printing it. */
class Complaints extends Logger {
  readonly all: string[] = [];

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.all.push(message);
  }
}

// with the settings of `npm run docs`, from package.json
const app = await Application.bootstrap();
const complaints = new Complaints();
app.logger = complaints;
const project = await app.convert();
if (!project) throw new Error(`typedoc gave up: ${complaints.all.join('\n')}`);

it('has something to say about everything that is exported, and links that lead somewhere', () => {
  app.validate(project);
  expect(complaints.all).toEqual([]);
});

it('explains every option', () => {
  const options = project
    .getReflectionsByKind(ReflectionKind.Interface)
    .filter(({ name }) => /(?:Options|Changes|Hooks)$/.test(name))
    .flatMap((reflection) => (reflection.isDeclaration() ? (reflection.children ?? []) : []));
  const unexplained = options.filter((option) => !option.hasComment() && option.kindOf(ReflectionKind.Property));
  expect(options.length).toBeGreaterThan(30);
  expect(unexplained.map((option) => option.getFriendlyFullName())).toEqual([]);
});

it('has a page for every entry point that can be imported', async () => {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  const paths = Object.keys(manifest.exports).filter((path) => path !== './package.json');
  const names = paths.map((path) => (path === '.' ? 'index' : path.slice(2)));
  expect(project.children?.map(({ name }) => name).sort()).toEqual(names.sort());
});
