import {
  Application,
  Logger,
  LogLevel,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
  type SignatureReflection,
} from 'typedoc';
import { describe, expect, it } from 'vitest';
import { compile, everywhere } from './compile.js';
import { names } from './names.js';

/** Collects the messages of typedoc instead of printing them. */
class Collector extends Logger {
  readonly all: string[] = [];

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.all.push(message);
  }
}

// reads the typedoc options of package.json, like `npm run docs`
const app = await Application.bootstrap();
const collector = new Collector();
app.logger = collector;
const project = await app.convert();
if (!project) throw new Error(`typedoc failed: ${collector.all.join('\n')}`);

it('documents every export, and has no broken links', () => {
  app.validate(project);
  expect(collector.all).toEqual([]);
});

/** Properties that the comment of their type, or their name, explains well enough. */
const documented =
  /^(?:(?:SandboxUser|(?:File|Tape|Code)Record|Grant|Records|(?:Byte|Blob)Range)\.\w+|Store(?:Failed|Full)Error\.name|HookEvent\.method|SandboxApp\.clientId|ServedSandbox\.sandbox)$/;

it('documents every property', () => {
  const properties = project
    .getReflectionsByKind(ReflectionKind.Property | ReflectionKind.Accessor)
    .filter((property) => property.isDeclaration() && !property.inheritedFrom && hasNamedType(property));
  const undocumented = properties
    .filter((property) => !isDocumented(property))
    .map((property) => property.getFriendlyFullName().replace(/^\w+\./, ''))
    .filter((name) => !documented.test(name));
  expect(properties.length).toBeGreaterThan(200);
  expect(undocumented).toEqual([]);
});

/** The methods of the classes and interfaces whose names match. */
function methodsOf(of: ProjectReflection, parents: RegExp): SignatureReflection[] {
  return of
    .getReflectionsByKind(ReflectionKind.Method)
    .filter(({ parent }) => parents.test(parent?.name ?? ''))
    .flatMap((method) => (method.isDeclaration() ? (method.signatures ?? []) : []));
}

it('lists the errors of every method of the clients', () => {
  const methods = methodsOf(project, /(?:Client|Resource)$/);
  const withoutThrows = methods.filter(({ comment }) => !comment?.getTag('@throws'));
  expect(methods.length).toBeGreaterThan(25);
  expect(withoutThrows.map((method) => method.getFriendlyFullName())).toEqual([]);
});

/** The exported functions of an entry point. */
function functionsOf(of: ProjectReflection, entry: string): SignatureReflection[] {
  const exported = of.children?.find(({ name }) => name === entry)?.children ?? [];
  return exported.flatMap(({ signatures = [] }) => signatures);
}

/** The variables that the examples of the clients for sign-in use. */
const onServer = `declare global {
  const client: import('doctape-sdk/server').AuthorizationCodeClient;
  const tokens: import('doctape-sdk/server').TokenSeal;
  const cookies: Record<string, string>;
  const cookie: string | undefined;
  interface ExampleResponse { cookie(name: string, value: string, options: object): void; redirect(url: string): void; }
  interface ExampleRequest { url: string; cookies: Record<string, string>; session: { token?: Token }; }
  const response: ExampleResponse;
  const app: { get(path: string, handler: (request: ExampleRequest, response: ExampleResponse) => Promise<void>): void };
}`;

const onViewServer = `declare global {
  const clientId: string;
  const clientSecret: string;
  const view: import('doctape-sdk/view').ViewClient;
  const file: File;
}`;

const inPage = `declare global {
  const client: import('doctape-sdk/browser').ImplicitGrantClient;
  const signOutButton: HTMLButtonElement;
  function showFiles(token: Token): void;
  function showSignInButton(): void;
}`;

describe.each([
  ['ApiClient', methodsOf(project, /^ApiClient$|Resource$/), '', 20],
  [
    'AuthorizationCodeClient and createTokenSeal',
    [...methodsOf(project, /^(AuthorizationCodeClient|TokenSeal)$/), ...functionsOf(project, 'server')],
    onServer,
    6,
  ],
  ['ViewClient', methodsOf(project, /^ViewClient$/), onViewServer, 8],
  ['ImplicitGrantClient', methodsOf(project, /^ImplicitGrantClient$/), inPage, 6],
  ['doctape-sdk/node', functionsOf(project, 'node'), '', 3],
])('the reference of %s', (_, signatures, variables, least) => {
  const examples = signatures.map((signature) => {
    const parts = signature.comment?.getTag('@example')?.content ?? [];
    const text = parts.map((part) => part.text).join('');
    const page = signature.getFriendlyFullName();
    return { page, place: page, line: 1, language: 'ts', text: text.replace(/^```ts\n|\n```$/g, '') };
  });

  it('has an example of every method and function', () => {
    expect(signatures.length).toBeGreaterThanOrEqual(least);
    expect(examples.filter(({ text }) => text === '').map(({ page }) => page)).toEqual([]);
  });

  it('has examples that compile', () => {
    const errors = compile(examples, { ...everywhere, strict: true }, names + variables);
    expect(errors.map(({ block, line, message }) => `${block?.page}:${line}: ${message}`)).toEqual([]);
  });
});

/** Whether it belongs to a class, an interface or a named type. The comment of a function covers types in its signature. */
function hasNamedType({ parent }: Reflection): boolean {
  if (!parent?.kindOf(ReflectionKind.TypeLiteral)) return true;
  const named = parent.parent;
  return named?.isDeclaration() === true && named.type?.type === 'reflection' && named.kindOf(ReflectionKind.TypeAlias);
}

function isDocumented(property: Reflection): boolean {
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
  const paths = Object.keys(manifest.exports).filter((path) => !path.endsWith('.json'));
  const names = paths.map((path) => (path === '.' ? 'index' : path.slice(2)));
  expect(project.children?.map(({ name }) => name).sort()).toEqual(names.sort());
});
