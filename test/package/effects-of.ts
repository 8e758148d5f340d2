// Run by side-effects.test.ts: imports modules, and prints which global state they changed.

const warning = ['localStorage', 'sessionStorage']; // Node prints a warning when they are read
const namesOfAll = Object.getOwnPropertyNames(globalThis).filter((name) => !warning.includes(name));

interface Known {
  path: string;
  properties: Record<PropertyKey, PropertyDescriptor>;
}

/** Every object that is reachable from a global, such as builtin prototypes and `process`. */
function reachable(): Map<object, Known> {
  const known = new Map<object, Known>();
  // many globals are created when they are first read
  const found = namesOfAll.map((name): [unknown, string] => [Reflect.get(globalThis, name), name]);
  found.push([globalThis, 'globalThis']);
  for (const [object, path] of found) {
    // Node adds its own modules to that list
    if (!isObject(object) || known.has(object) || path === 'process.moduleLoadList') continue;
    const properties: Known['properties'] = Object.getOwnPropertyDescriptors(object);
    known.set(object, { path, properties });
    for (const key of Reflect.ownKeys(properties)) {
      const { value, get, set } = properties[key] ?? {};
      for (const part of [value, get, set]) found.push([part, `${path}.${String(key)}`]);
    }
    found.push([Object.getPrototypeOf(object), `${path}.__proto__`]);
  }
  return known;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function differences(before: Map<object, Known>): string[] {
  return [...before].flatMap(([object, { path, properties }]) => {
    const now: Known['properties'] = Object.getOwnPropertyDescriptors(object);
    const keys = new Set([...Reflect.ownKeys(properties), ...Reflect.ownKeys(now)]);
    return [...keys].filter((key) => !isSame(properties[key], now[key])).map((key) => `${path}.${String(key)}`);
  });
}

function isSame(one: PropertyDescriptor = {}, other: PropertyDescriptor = {}): boolean {
  const names = ['value', 'get', 'set', 'writable', 'enumerable', 'configurable'] as const;
  return names.every((name) => Object.is(one[name], other[name]));
}

const before = reachable();
const running = process.getActiveResourcesInfo().join();
for (const path of process.argv.slice(2)) await import(path);
const runningNow = process.getActiveResourcesInfo().join();
const started = runningNow === running ? [] : [`active resources were ${running}, and are ${runningNow}`];
process.stdout.write(JSON.stringify([...differences(before), ...started]));
