import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a program of the built package as somebody whom permissions concern, and gives what it printed. Root may do
 * everything, so it steps down.
 */
export async function asOrdinaryUser(program: string): Promise<string> {
  const isRoot = process.getuid?.() === 0;
  const stepDown = isRoot ? 'process.setgid(65534); process.setuid(65534);' : '';
  // what is imported has to be loaded before: the folders of root may be closed to others
  const source = `await import('doctape-sdk/node'); await import('doctape-sdk');\n${stepDown}\n${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  return output;
}
