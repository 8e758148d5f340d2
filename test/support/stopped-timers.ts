import { onTestFinished, vi } from 'vitest';

/**
 * Stops `setTimeout` until the end of the test, so that a time limit ends only when the test says so, however busy the machine is.
 * Servers and connections are not affected: they have timers of their own.
 * @returns a function that lets time pass, after the tasks that can run now
 */
export function stopTimers(): (milliseconds: number) => void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  return (milliseconds) => void setImmediate(() => vi.advanceTimersByTime(milliseconds));
}
