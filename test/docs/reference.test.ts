import { Application, Logger, LogLevel, type Reflection, ReflectionKind } from 'typedoc';
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

/** What the sentence above a record of the sandbox, or a range, explains well enough, and what its name does. */
const explained =
  /^(?:(?:SandboxUser|(?:File|Tape|Code)Record|Grant|Records|(?:Byte|Blob)Range)\.\w+|StoreFullError\.name|HookEvent\.method|SandboxApp\.clientId|ServedSandbox\.sandbox)$/;

it('explains every property', () => {
  const properties = project
    .getReflectionsByKind(ReflectionKind.Property | ReflectionKind.Accessor)
    .filter((property) => property.isDeclaration() && !property.inheritedFrom && isOfANamedType(property));
  const unexplained = properties
    .filter((property) => !isExplained(property))
    .map((property) => property.getFriendlyFullName().replace(/^\w+\./, ''))
    .filter((name) => !explained.test(name));
  expect(properties.length).toBeGreaterThan(200);
  expect(unexplained).toEqual([]);
});

it('says of every method of the clients what it throws', () => {
  const methods = project
    .getReflectionsByKind(ReflectionKind.Method)
    .filter(({ parent }) => /(?:Client|Resource)$/.test(parent?.name ?? ''))
    .flatMap((method) => (method.isDeclaration() ? (method.signatures ?? []) : []));
  const silent = methods.filter(({ comment }) => !comment?.getTag('@throws'));
  expect(methods.length).toBeGreaterThan(25);
  expect(silent.map((method) => method.getFriendlyFullName())).toEqual([]);
});

/** Whether it belongs to a class, an interface or a named type: what stands in a signature has to do with its sentence. */
function isOfANamedType({ parent }: Reflection): boolean {
  if (!parent?.kindOf(ReflectionKind.TypeLiteral)) return true;
  const named = parent.parent;
  return named?.isDeclaration() === true && named.type?.type === 'reflection' && named.kindOf(ReflectionKind.TypeAlias);
}

function isExplained(property: Reflection): boolean {
  if (!property.isDeclaration()) return false;
  const { type } = property;
  const signatures = [
    property.getSignature,
    ...(type?.type === 'reflection' ? (type.declaration.signatures ?? []) : []),
  ];
  return property.hasComment() || signatures.some((signature) => signature?.hasComment());
}

it('has a page for every entry point that can be imported', async () => {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  const paths = Object.keys(manifest.exports).filter((path) => path !== './package.json');
  const names = paths.map((path) => (path === '.' ? 'index' : path.slice(2)));
  expect(project.children?.map(({ name }) => name).sort()).toEqual(names.sort());
});
