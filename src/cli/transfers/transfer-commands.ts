import { type Command, Option } from 'commander';
import { renditions } from '../../index.js';
import { action, printingAction } from '../core/action.js';
import { collect, define, filesArgument, jsonOption } from '../core/define.js';

const quietOption = ['-q, --quiet', 'no progress and no summary'] as const;

/** Adds `upload`, `download` and `cat`. */
export function addTransferCommands(program: Command): void {
  define(program, {
    usage: 'upload <files...>',
    description: 'upload files, the files of a folder, or stdin (`-`)',
    examples: [
      ['upload --tag holiday *.jpg', 'several files, each with a tag'],
      ["upload -r photos --exclude '*.tmp'", 'the files of a folder and its subfolders'],
      ['upload - --name dump.sql < dump.sql', 'what another program writes'],
    ],
  })
    .option('-r, --recursive', 'upload the files of a folder; the folder itself is not kept')
    .option('--include <glob>', 'of a folder, only these files; repeatable', collect)
    .option('--exclude <glob>', 'of a folder, not these files and subfolders; repeatable', collect)
    .option('--hidden', 'of a folder, also files that begin with a dot')
    .option('-n, --name <name>', 'name on the server, for one file or stdin')
    .option('-t, --tag <tag>', 'tag for each file, `#name` for a tape; repeatable', collect)
    .option('-s, --star', 'star each file')
    .option('--skip-existing', 'leave out files that the server has, with the same name and size and not older')
    .option(...quietOption)
    .option(...jsonOption)
    .action(action(async () => (await import('./upload.js')).upload));
  define(program, {
    usage: 'download',
    description: 'download files, and continue interrupted downloads',
    examples: [
      ['download holiday.jpg notes.txt -o pictures', 'to an existing folder'],
      ['download ID -o - | tar -x', 'to another program'],
    ],
  })
    .argument(...filesArgument)
    .option('-o, --output <path>', 'file or existing folder to write to, `-` for stdout (default: current folder)')
    .addOption(renditionOption())
    .option('-f, --force', 'replace existing files')
    .option(...quietOption)
    .option(...jsonOption)
    .action(action(async () => (await import('./download.js')).download));
  define(program, {
    usage: 'cat',
    description: 'write files to stdout',
    examples: [
      ['cat notes.txt', 'show a text'],
      ['cat part1 part2 > whole', 'join files'],
    ],
  })
    .argument(...filesArgument)
    .addOption(renditionOption())
    .action(printingAction(async () => (await import('./cat.js')).cat));
}

function renditionOption(): Option {
  return new Option('--rendition <name>', 'rendition of the files').choices(renditions).default('original');
}
