/** Formats a time in UTC, such as `2014-05-01 12:30`. */
export function formatTime(time: Date): string {
  return time.toISOString().slice(0, 16).replace('T', ' ');
}
