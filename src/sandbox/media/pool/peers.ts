import { createRequire } from 'node:module';
import type { HeicDecode, ImagePeers, Sharp } from '../images/image-peers.js';
import { svgRenderer } from './svg-renderer.js';

/** An optional package with which the sandbox decodes more images. See docs/media.md. */
export interface Decoder {
  /** The name of the package: `sharp` decodes WebP, AVIF, TIFF and SVG, and `heic-decode` decodes HEIC. */
  name: 'sharp' | 'heic-decode';
  /** `broken` means that the package is installed and cannot be loaded. */
  status: 'found' | 'missing' | 'broken';
  /** Why a broken package cannot be loaded. */
  reason?: string;
}

interface SharpModule extends Sharp {
  cache(enabled: false): void;
  concurrency(threads: number): void;
}

const names = ['sharp', 'heic-decode'] as const;

/**
 * Looks for the optional packages. Call it in the main thread before a worker thread starts: sharp crashes the process if it is
 * unloaded with the last thread that uses it, and it stays loaded if the main thread has it as well.
 */
export function findDecoders(): Decoder[] {
  return names.map((name) => {
    try {
      load(name);
      return { name, status: 'found' };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const isMissing = reason.startsWith(`Cannot find module '${name}'`);
      return isMissing
        ? { name, status: 'missing' }
        : { name, status: 'broken', reason: reason.split('\n', 1)[0] ?? '' };
    }
  });
}

/** Loads those that were found. */
export function loadPeers(found: readonly string[]): ImagePeers {
  const sharp: SharpModule | undefined = found.includes('sharp') ? load('sharp') : undefined;
  sharp?.cache(false); // each file is decoded once
  sharp?.concurrency(1); // the other processor is for the server
  const heicDecode: HeicDecode | undefined = found.includes('heic-decode') ? load('heic-decode') : undefined;
  return { sharp, heicDecode, renderSvg: sharp && svgRenderer(load.resolve('sharp')) };
}

/** By `require`, so that no bundler looks for a package that is optional. */
const load = createRequire(import.meta.url);
