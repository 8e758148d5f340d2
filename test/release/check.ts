import { releaseProblems } from './problems.ts';

// The first step of `npm run release:pack`.

const problems = releaseProblems(process.argv[2] ?? '.');
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error('This cannot be released yet. See docs/contributing.md, "Releases".');
  process.exitCode = 1;
}
