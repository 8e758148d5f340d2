import { Argument, type Command, Option } from 'commander';
import { renditions } from '../../index.js';
import { action, printingAction } from '../core/action.js';
import { collect, define, filesArgument, jsonOption } from '../core/define.js';
import { kinds, parseDate, parseSize, sortKeys } from './filters.js';

const fileArgument = ['<file>', 'id or name of a file on the server'] as const;

/** Adds the commands that list, show and change files. */
export function addFileCommands(program: Command): void {
  addListing(program);
  addChanges(program);
}

function addListing(program: Command): void {
  define(program, {
    usage: 'ls',
    description: 'list files',
    examples: [
      ["ls '*.jpg' --sort size", 'photos, the largest first'],
      ['ls --tag holiday --since 30d', 'files with a tag, added in the last 30 days'],
    ],
    notes: 'Sizes: 500kB, 10MB, 2GiB. Dates: 2014-05-01, or 30d, 4w and 1y ago.',
  })
    .argument('[name]', 'part of the name, or a pattern such as *.jpg')
    .option('-l, --long', 'show all columns')
    .addOption(new Option('--sort <key>', 'sort by').choices(sortKeys))
    .option('-r, --reverse', 'reverse the order')
    .addOption(new Option('--kind <kind>', 'only files of this kind').choices(kinds))
    .option('-t, --tag <tag>', 'only files with this tag; repeatable', collect)
    .option('--starred', 'only starred files')
    .option('--shared', 'only files that others share with you')
    .option('--public', 'only files with a public URL')
    .option('--since <date>', 'only files added on this date or later', parseDate)
    .option('--before <date>', 'only files added before this date', parseDate)
    .option('--min-size <size>', 'only files of this size or larger', parseSize)
    .option('--max-size <size>', 'only files of this size or smaller', parseSize)
    .option(...jsonOption)
    .action(printingAction(async () => (await import('./ls.js')).ls));
  define(program, {
    usage: 'url',
    description: 'print the URL of a file, which contains your token',
    examples: [
      ['url holiday.jpg', 'the file'],
      ['url holiday.jpg thumb_320.jpg', 'a thumbnail'],
    ],
  })
    .argument(...fileArgument)
    .addArgument(new Argument('[rendition]').choices(renditions))
    .option(...jsonOption)
    .action(printingAction(async () => (await import('./url.js')).url));
  define(program, {
    usage: 'open',
    description: 'show a file in the browser',
    examples: [
      ['open holiday.jpg', 'opens the browser'],
      ['open holiday.jpg --no-browser', 'prints the URL'],
    ],
  })
    .argument(...fileArgument)
    .option('--no-browser', 'print the URL instead of opening it')
    .action(action(async () => (await import('./open.js')).open));
}

function addChanges(program: Command): void {
  define(program, {
    usage: 'mv',
    description: 'rename a file; its extension stays',
    examples: [
      ['mv img_0001.jpg beach.jpg', 'rename'],
      ['mv ID beach', 'the same, by id'],
    ],
  })
    .argument(...fileArgument)
    .argument('<name>', 'the new name')
    .option(...jsonOption)
    .action(action(async () => (await import('./mv.js')).mv));
  define(program, {
    usage: 'tag',
    description: 'add and delete tags, or print them',
    examples: [
      ['tag beach.jpg --add holiday --delete todo', 'change the tags'],
      ["tag sea.jpg sun.jpg --add '#summer'", 'add files to a tape, which is created if necessary'],
    ],
  })
    .argument(...filesArgument)
    .option('-a, --add <tag>', 'add this tag; repeatable', collect)
    .option('-d, --delete <tag>', 'delete this tag; repeatable', collect)
    .option(...jsonOption)
    .action(action(async () => (await import('./tag.js')).tag));
  define(program, {
    usage: 'star',
    description: 'star files',
    examples: [
      ['star beach.jpg', 'star'],
      ['star --off beach.jpg', 'remove the star'],
    ],
  })
    .argument(...filesArgument)
    .option('--off', 'remove the star')
    .option(...jsonOption)
    .action(action(async () => (await import('./star.js')).star));
  define(program, {
    usage: 'rm',
    description: 'delete files permanently',
    examples: [
      ['rm beach.jpg', 'asks first'],
      ['rm --yes ID ID', 'for scripts'],
    ],
  })
    .argument(...filesArgument)
    .option('-y, --yes', 'do not ask for confirmation')
    .option(...jsonOption)
    .action(action(async () => (await import('./rm.js')).rm));
}
