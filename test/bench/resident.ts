import { readFileSync } from 'node:fs';

/** The RSS of a process in MiB. Linux only. */
function resident(pid: number | 'self'): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // the process has ended
  }
}

/** Samples the RSS of a process. The returned function returns its peak growth in MiB. */
export function sampleGrowth(pid: number | 'self'): () => number {
  const before = resident(pid);
  let most = before;
  const sampler = setInterval(() => {
    most = Math.max(most, resident(pid));
  }, 20);
  return () => {
    clearInterval(sampler);
    return Math.max(most, resident(pid)) - before;
  };
}
