import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRecord } from '../../store/records.js';
import { renditionBlob } from '../../store/rendition-blobs.js';
import type { Store } from '../../store/store.js';
import { ConversionFailed, type Converter } from '../converter.js';
import { officeFormat } from '../office-formats.js';
import type { Plan } from '../plan.js';
import { type Confine, findConfinement } from './confinement.js';
import { checkDuration, ffmpegLimits, ffmpegRecipes } from './ffmpeg.js';
import type { ConverterProgram } from './find-programs.js';
import { runProgram } from './run-program.js';
import { sofficeArgs, sofficeLimits } from './soffice.js';

export interface ProgramConverterOptions {
  store: Store;
  programs: readonly ConverterProgram[];
  /** Returns the folder for the files of running conversions. It is asked for at the first one, and deleted at the end. */
  folder: () => string;
}

/** Where the files of one conversion are. None of the names comes from a user. */
interface Workplace {
  input: string;
  /** The programs work here. */
  work: string;
  output: string;
}

/** Converts files with the programs that were found. */
export function programConverter({ store, programs, folder }: ProgramConverterOptions): Converter {
  const paths = new Map(
    programs.flatMap(({ name, status, path }) => (status === 'found' && path ? [[name, path]] : [])),
  );
  let confinement: Confine | undefined;
  let root: string | undefined;

  async function runFfmpeg(file: FileRecord, plan: Plan, { input, work, output }: Workplace, signal: AbortSignal) {
    const made = new Map<string, string>();
    for (const recipe of ffmpegRecipes(input, plan.renditions, (name) => join(output, name))) {
      const { stdout, stderr } = await run('ffmpeg', recipe.args, work, signal);
      if (recipe.isWhole) checkDuration(stdout, stderr, file.meta.duration);
      for (const [name, path] of recipe.outputs) made.set(name, path);
    }
    return made;
  }

  async function runSoffice(file: FileRecord, { input, work, output }: Workplace, signal: AbortSignal) {
    const format = officeFormat(file.type);
    if (!format) throw new Error(`soffice has no format for ${file.type}`);
    await run('soffice', await sofficeArgs(format, input, work, output), work, signal);
    const found = await readdir(output);
    if (found.length !== 1) throw new ConversionFailed('soffice converted nothing'); // its exit code is 0 nevertheless
    return new Map([['document.pdf', join(output, found[0] ?? '')]]);
  }

  function run(name: 'ffmpeg' | 'soffice', args: string[], work: string, signal: AbortSignal) {
    confinement ??= findConfinement();
    const limits = name === 'ffmpeg' ? ffmpegLimits : sofficeLimits;
    return runProgram({ name, path: paths.get(name) ?? name, args, folder: work, limits }, confinement, signal);
  }

  return {
    programs: new Set(paths.keys()),
    async convert(file, plan, signal) {
      root ??= folder();
      const place = join(root, randomUUID());
      const extension = plan.program === 'soffice' ? `.${officeFormat(file.type)?.extension}` : '';
      const workplace = {
        input: join(place, `input${extension}`),
        work: join(place, 'work'),
        output: join(place, 'work', 'output'),
      };
      try {
        await mkdir(workplace.output, { recursive: true, mode: 0o700 });
        await copyOut(store, file, workplace.input, signal);
        const made = await (plan.program === 'ffmpeg'
          ? runFfmpeg(file, plan, workplace, signal)
          : runSoffice(file, workplace, signal));
        for (const [name, path] of made) await checkSignature(plan.program, name, path);
        return await keepAll(store, file.id, made);
      } finally {
        await rm(place, { recursive: true, force: true, maxRetries: 3 });
      }
    },
    async close() {
      if (root !== undefined) await rm(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function copyOut(store: Store, { id, size }: FileRecord, path: string, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    const reader = store.readBlob(id, { start: 0, end: size - 1 }).getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (signal.aborted) await reader.cancel();
      signal.throwIfAborted();
      await file.writeFile(chunk.value);
    }
  } finally {
    await file.close();
  }
}

/** The bytes that a rendition begins with, by the extension of its name. */
const signatures: Record<string, (start: string) => boolean> = {
  pdf: (start) => start.startsWith('%PDF-'),
  mp4: (start) => start.slice(4, 8) === 'ftyp',
  mp3: (start) => start.startsWith('ID3') || start.startsWith('\xff'),
  jpg: (start) => start.startsWith('\xff\xd8'),
};

/** @throws {ConversionFailed} if the program did not write what it was asked for */
async function checkSignature(program: string, name: string, path: string): Promise<void> {
  const start = Buffer.alloc(16);
  const file = await open(path).catch(() => undefined);
  try {
    await file?.read(start, 0, start.byteLength, 0);
  } finally {
    await file?.close();
  }
  if (!signatures[name.slice(-3)]?.(start.toString('latin1')))
    throw new ConversionFailed(`${program} did not write ${name}`);
}

async function keepAll(store: Store, id: string, made: ReadonlyMap<string, string>): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  try {
    for (const [name, path] of made) {
      const { size } = await stat(path);
      const writer = await store.writeBlob(renditionBlob(id, name));
      sizes.set(name, size);
      try {
        for await (const chunk of createReadStream(path)) await writer.write(chunk);
        await writer.finish();
      } catch (error) {
        sizes.delete(name);
        await writer.discard();
        throw error;
      }
    }
    return sizes;
  } catch (error) {
    await store.commit([...sizes.keys()].map((name) => ({ drop: renditionBlob(id, name) })));
    throw error;
  }
}
