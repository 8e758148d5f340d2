import { invalid, kindOf } from './checks.js';
import { ConfigurationError } from './errors.js';

/**
 * The names of all options of `T`. The compiler demands every one of them, so that a new option cannot be forgotten here
 * and then be refused as unknown.
 */
export type OptionNames<T> = { readonly [Name in keyof Required<T>]: unknown };

/**
 * How each option of `T` is checked. A check receives the option's name for its message, its value, which is `undefined` if it was
 * left out, and all options.
 */
export type OptionChecks<T> = {
  readonly [Name in keyof Required<T>]: (name: string, value: T[Name], options: T) => unknown;
};

/** What the checks of an options object return. */
export type CheckedOptions<Checks> = {
  [Name in keyof Checks]: Checks[Name] extends (...args: never[]) => infer Checked ? Checked : never;
};

/**
 * Checks that an options argument is an object, and that it contains only the options in `names`.
 *
 * @param what how a message names the object, such as `options` or `range`
 * @throws {ConfigurationError} `unknown_option` for a misspelt option, with the nearest known name
 */
export function checkOptions<T extends object>(what: string, options: T, names: OptionNames<T>): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(what, `must be an object, not ${kindOf(options)}`);
  }
  for (const name of Object.keys(options))
    if (!Object.hasOwn(names, name)) throw unknownOption(what, name, Object.keys(names));
  return options;
}

/**
 * Checks an options argument and each option in it.
 *
 * @param what how a message names the object: `options`, or the name of the option that contains it, such as `range`
 * @returns what the checks returned. The application may change its own object afterwards
 * @throws {ConfigurationError} `unknown_option`, or what a check throws
 */
export function readOptions<T extends object, Checks extends OptionChecks<T>>(
  what: string,
  options: T,
  checks: Checks,
): CheckedOptions<Checks> {
  checkOptions(what, options, checks);
  const prefix = prefixOf(what);
  const read: Record<string, unknown> = {}; // filled in a loop: every call passes here
  for (const name in checks) {
    // the type of `checks` says that the values fit; an option may be inherited
    const check = checks[name] as (name: string, value: unknown, options: T) => unknown;
    read[name] = check(prefix + name, Reflect.get(options, name), options);
  }
  return read as CheckedOptions<Checks>;
}

/** An option of a nested object is named together with the object, such as `range.start`. */
function prefixOf(what: string): string {
  return what.startsWith('options') ? '' : `${what}.`;
}

function unknownOption(what: string, name: string, known: string[]): ConfigurationError {
  const distances = known.map((other) => distance(name.toLowerCase(), other.toLowerCase()));
  const smallest = Math.min(...distances);
  const remedy =
    smallest <= Math.max(2, name.length / 3)
      ? `did you mean ${known[distances.indexOf(smallest)]}?`
      : `the options are ${known.join(', ')}`;
  // the name itself comes from the application, but a value instead of a name must not get into a log
  const shown = /^\w{1,40}$/.test(name) ? name : 'a name that is not an identifier';
  return new ConfigurationError('unknown_option', `${prefixOf(what)}${shown} is not an option; ${remedy}`);
}

/** How many letters to change, add or remove, in any order: letters that were swapped do not count. */
function distance(from: string, to: string): number {
  let added = to;
  for (const letter of from) added = added.replace(letter, '');
  const kept = to.length - added.length;
  return Math.max(added.length, from.length - kept);
}
