import { codeKey, type FrameMessage, type Level, type Printed, type PrintedError } from '../messages.ts';
import { inspect, printed, table } from './inspect.ts';

// Runs the visitor's code as a module in this page, and reports to the page around it. The code runs at every load, as on a page
// of an application: after a redirect, too.

const url = URL.createObjectURL(new Blob([sessionStorage.getItem(codeKey) ?? ''], { type: 'text/javascript' }));

function report(message: FrameMessage): void {
  // the page that opened this one as a popup does not listen
  if (parent !== window) parent.postMessage(message, location.origin);
}

for (const level of ['log', 'info', 'warn', 'error', 'debug'] satisfies Level[]) {
  const original = console[level];
  console[level] = (...values: unknown[]) => {
    original.apply(console, values);
    report({ type: 'printed', level, values: printed(values) });
  };
}
const originalTable = console.table;
console.table = (data: unknown, ...rest) => {
  originalTable.call(console, data, ...rest);
  report({ type: 'printed', level: 'log', values: [table(data)] });
};

/** Takes the next error event, while the line of a syntax error is looked for. */
let expected: ((event: ErrorEvent) => void) | undefined;
addEventListener('error', (event) => {
  if (expected) expected(event);
  else if (event.message) fail(event.error ?? event.message); // the event of an image that cannot be loaded has no message
});
addEventListener('unhandledrejection', (event) => fail(event.reason));

function fail(error: unknown, line = lineIn(error)): void {
  const position = line === undefined ? {} : { line };
  let described: PrintedError;
  try {
    described = describe(error);
  } catch {
    described = { name: 'Thrown', message: inspect(error), details: [] }; // its properties are not those of an error
  }
  report({ type: 'failed', error: { ...described, ...position } });
}

function describe(error: unknown): PrintedError {
  if (!(error instanceof Error)) return { name: 'Thrown', message: inspect(error), details: [] };
  const [name, message] = [String(error.name), String(error.message)];
  // the errors of the SDK have a code, and their JSON has what else a program can read
  if (!('code' in error && 'toJSON' in error && typeof error.toJSON === 'function'))
    return { name, message, details: [] };
  const { name: _name, message: _message, code, ...others } = error.toJSON();
  const details = Object.entries(others).map(([key, value]): [string, string] => [key, inspect(value)]);
  return { name, message, code: String(code), details };
}

/** The line of the code that an error comes from. */
function lineIn(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('fileName' in error && error.fileName === url && 'lineNumber' in error) return Number(error.lineNumber); // Firefox
  const [, line] = new RegExp(`${url}:(\\d+)`).exec(error.stack ?? '') ?? [];
  return line === undefined ? undefined : Number(line);
}

/** The line of a syntax error, which Chromium tells only in the event of a script element. */
function lineOfSyntaxError(): Promise<number | undefined> {
  return new Promise((resolve) => {
    const script = document.createElement('script');
    script.type = 'module';
    script.src = url;
    const done = (line?: number) => {
      expected = undefined;
      script.remove();
      resolve(line);
    };
    expected = ({ filename, lineno }) => done(filename === url ? lineno : undefined);
    script.onload = () => done();
    document.head.append(script);
  });
}

report({ type: 'started' });
let value: Printed | undefined;
try {
  const module = await import(url);
  if ('default' in module) [value] = printed([module.default]);
} catch (error) {
  const line = lineIn(error);
  fail(error, line === undefined && error instanceof SyntaxError ? await lineOfSyntaxError() : line);
}
const isBlank = [...document.body.childNodes].every(
  (node) => node instanceof HTMLScriptElement || (node instanceof Text && node.data.trim() === ''),
);
report({ type: 'finished', isBlank, ...(value && { value }) });
