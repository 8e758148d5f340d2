import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kind, killRuns, kinds } from '../sandbox/store/disk/kill.ts';

// Kills a sandbox 100 times and prints the state of the data after each restart. Run it with `npm run bench:kill`.

const count = Number(process.argv[2] ?? 100);
const data = await mkdtemp(join(tmpdir(), 'doctape-kill-'));

function countKinds(list: readonly Kind[]): string {
  return kinds.map((kind) => String(list.filter((other) => other === kind).length).padStart(kind.length)).join(' ');
}

let run = 0;
let failed = 0;
const all: Kind[] = [];
const cut: Kind[] = [];
let completed = 0;
console.log(
  `kill    ms | acknowledged: ${kinds.join(' ')} | in flight: ${kinds.join(' ')} | completed  files  problems`,
);
try {
  for await (const { after, acknowledged, pending, completed: done, files, problems } of killRuns(data, count)) {
    run += 1;
    failed += problems.length;
    all.push(...acknowledged);
    cut.push(...pending);
    completed += done;
    console.log(
      `${String(run).padStart(4)} ${String(after).padStart(5)} |               ${countKinds(acknowledged)} |            ${countKinds(pending)} |` +
        `${String(done).padStart(10)} ${String(files).padStart(6)}  ${problems.length === 0 ? 'none' : problems.join('; ')}`,
    );
  }
  console.log(
    ` sum       |               ${countKinds(all)} |            ${countKinds(cut)} |${String(completed).padStart(10)}         ${failed}`,
  );
} finally {
  await rm(data, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
