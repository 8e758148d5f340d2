import type { Command } from 'commander';
import { action, printingAction } from '../core/action.js';
import { define, filesArgument, jsonOption } from '../core/define.js';

/** Adds `publish`, `unpublish`, `share` and `tapes`. */
export function addSharingCommands(program: Command): void {
  define(program, {
    usage: 'publish',
    description: 'print a URL for each file that anyone can open, without a token',
    examples: [
      ['publish beach.jpg', 'prints the URL'],
      ['publish --json ID ID', 'for programs'],
    ],
  })
    .argument(...filesArgument)
    .option(...jsonOption)
    .action(action(async () => (await import('./publish.js')).publish));
  define(program, {
    usage: 'unpublish',
    description: 'make published files private again',
    examples: [
      ['unpublish beach.jpg', 'its public URL stops working'],
      ['unpublish ID ID', 'several files'],
    ],
  })
    .argument(...filesArgument)
    .option(...jsonOption)
    .action(action(async () => (await import('./publish.js')).unpublish));
  define(program, {
    usage: 'share',
    description: 'share a file or a tape with other users',
    examples: [
      ['share beach.jpg bob carol', 'a file'],
      ['share --tape summer bob', 'a tape, with all its files'],
      ['share --delete beach.jpg bob', 'stop sharing with bob'],
    ],
  })
    .argument('<file>', 'id or name of a file, or of a tape with --tape')
    .argument('<users...>', 'user names')
    .option('--tape', 'share a tape instead of a file')
    .option('-d, --delete', 'stop sharing with these users')
    .option(...jsonOption)
    .action(action(async () => (await import('./share.js')).share));
  define(program, {
    usage: 'tapes',
    description: 'list tapes, or the files of a tape',
    examples: [
      ['tapes', 'all tapes'],
      ['tapes summer', 'the files of a tape'],
    ],
  })
    .argument('[tape]', 'id or name of a tape')
    .option(...jsonOption)
    .action(printingAction(async () => (await import('./tapes.js')).tapes));
}
