import { readdirSync, readFileSync } from 'node:fs';

// How busy a machine is with something else than the benchmark. Linux only, because it reads /proc.

const ticksPerSecond = 100; // USER_HZ is 100 on every architecture that Node.js supports

/** The CPU time of all processes since the start of the machine, in seconds. Includes what the host of a virtual machine took. */
function machineTime(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) / ticksPerSecond;
}

/** The fields of `/proc/PID/stat` after the name of the command: the process group is the third, the four times begin at the twelfth. */
function statOf(pid: string): number[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return []; // the process has ended
  }
}

/** The CPU time of this process group with all of its processes that have ended, in seconds. */
function groupTime(): number {
  const group = statOf('self')[2];
  let ticks = 0;
  for (const pid of readdirSync('/proc')) {
    const fields = /^\d+$/.test(pid) ? statOf(pid) : [];
    if (fields[2] === group) for (const time of fields.slice(11, 15)) ticks += time;
  }
  return ticks / ticksPerSecond;
}

/** The CPU time of the children of this process that have ended, in seconds. */
export function childrenTime(): number {
  const [user = 0, system = 0] = statOf('self').slice(13, 15);
  return (user + system) / ticksPerSecond;
}

/** A share above which a measurement is marked as noisy. */
const quiet = 0.1;

export interface OtherLoad {
  /** How much of one processor other programs used, on average: 0.5 is half a processor. */
  share: number;
  isNoisy: boolean;
}

/** Starts to measure the load by other programs. The returned function returns what it was since then. */
export function measureOtherLoad(): () => OtherLoad {
  const start = performance.now();
  const before = machineTime() - groupTime();
  return () => {
    const seconds = (performance.now() - start) / 1000;
    const share = Math.max(0, machineTime() - groupTime() - before) / Math.max(seconds, 0.001);
    return { share, isNoisy: share > quiet };
  };
}
