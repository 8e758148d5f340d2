import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

// Finds every place in the source that creates an error of the SDK or a failure of the sandbox.

export interface FailureSite {
  /** The place as in a stack trace, such as `src/oauth/callback.ts:26:36`. */
  place: string;
  /** The start of the code at this place. */
  text: string;
  /** The longest constant part of its message. */
  message: string;
}

/**
 * @param folders such as `src/oauth`
 * @param refusals functions that create a failure which is not an error
 */
export function failureSites(folders: readonly string[], refusals: readonly string[] = []): FailureSite[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  const sources = files
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
  const factories = new Set([...factoriesIn(sources), ...refusals]);
  return sources.flatMap((source) =>
    [...creationsIn(source, factories)].map((node) => {
      const { line, character } = source.getLineAndCharacterOfPosition(node.getStart());
      const text = node.getText().replace(/\s+/g, ' ').slice(0, 80);
      return { place: `${source.fileName}:${line + 1}:${character + 1}`, text, message: longestText(node) };
    }),
  );
}

/** The functions that return an error which they create, or the result of such a function. */
function factoriesIn(sources: readonly ts.SourceFile[]): Set<string> {
  const factories = new Set<string>();
  for (let known = -1; known < factories.size; ) {
    known = factories.size;
    for (const source of sources) for (const node of nodesOf(source)) addFactory(node, factories);
  }
  return factories;
}

function addFactory(node: ts.Node, factories: Set<string>): void {
  let name: ts.Node | undefined;
  let body: ts.Node | undefined;
  if (ts.isFunctionDeclaration(node)) ({ name, body } = node);
  if (ts.isVariableDeclaration(node) && node.initializer && ts.isArrowFunction(node.initializer)) {
    name = node.name;
    body = node.initializer.body;
  }
  if (!name || !body || !ts.isIdentifier(name)) return;
  const returned = ts.isBlock(body) ? returnedBy(body) : [body];
  if ([...returned].some((value) => createsFailure(value, factories))) factories.add(name.text);
}

/** The expressions that a function returns, without those of nested functions. */
function* returnedBy(node: ts.Node): Generator<ts.Node> {
  if (ts.isReturnStatement(node) && node.expression) yield node.expression;
  for (const child of childrenOf(node)) if (!ts.isFunctionLike(child)) yield* returnedBy(child);
}

function* creationsIn(source: ts.SourceFile, factories: ReadonlySet<string>): Generator<ts.Node> {
  for (const node of nodesOf(source)) if (createsFailure(node, factories)) yield node;
}

/** `new SomeError(...)`, `new (classOf(status))(...)`, or a call of a maker. */
function createsFailure(node: ts.Node, factories: ReadonlySet<string>): boolean {
  if (ts.isNewExpression(node)) {
    return ts.isIdentifier(node.expression)
      ? /(Error|Failure)$/.test(node.expression.text)
      : /^\(errorClass\(/.test(node.expression.getText());
  }
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) && factories.has(node.expression.text);
}

function longestText(node: ts.Node): string {
  const pieces = [...nodesOf(node)].map((part) =>
    ts.isStringLiteralLike(part) || ts.isTemplateHead(part) || ts.isTemplateMiddleOrTemplateTail(part) ? part.text : '',
  );
  return pieces.reduce((longest, piece) => (piece.length > longest.length ? piece : longest), '');
}

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

function childrenOf(node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
}
