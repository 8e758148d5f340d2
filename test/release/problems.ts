import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

// What a release needs and the repository does not have before its first one. docs/contributing.md, "Releases", has the steps.

const address = z.url({ protocol: /^https$/ });
const fields: Record<string, [schema: z.ZodType, example: string]> = {
  repository: [
    z.object({ type: z.literal('git'), url: z.string().regex(/^git\+https:\/\/\S+\.git$/) }),
    '{ "type": "git", "url": "git+https://HOST/OWNER/NAME.git" }: provenance and the links of the README need it',
  ],
  homepage: [address, 'the https URL of the documentation'],
  bugs: [z.object({ url: address }), '{ "url": "https://HOST/OWNER/NAME/issues" }'],
};

/** The pages that say that the package is not on npm. */
const unpublishedPages = ['README.md', 'docs/migrating.md'];

function isReleased(version: string, changelog: string): boolean {
  const headings = changelog.matchAll(/^## (\S+)(.*)$/gm);
  return [...headings].some(([, name, more = '']) => name === version && !/unreleased/i.test(more));
}

/** Reasons not to release what is in a folder, each with its remedy. */
export function releaseProblems(folder: string): string[] {
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');
  const manifest = JSON.parse(read('package.json'));
  const { version } = manifest;
  return [
    ...Object.entries(fields).flatMap(([name, [schema, example]]) => {
      if (schema.safeParse(manifest[name]).success) return [];
      const problem = manifest[name] === undefined ? 'is missing' : 'has the wrong form';
      return `package.json: ${name} ${problem}: set it to ${example}`;
    }),
    ...unpublishedPages.flatMap((page) =>
      /not on npm yet/i.test(read(page))
        ? [`${page}: says that the package is not on npm yet: install it from the registry instead`]
        : [],
    ),
    ...(isReleased(version, read('docs/changelog.md'))
      ? []
      : [`docs/changelog.md: has no heading "## ${version}", or it is marked as unreleased: remove the mark`]),
  ];
}
