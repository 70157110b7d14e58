/**
 * Inputs in files: the corpus that is committed, inputs that once showed a defect, and those that show one now.
 *
 *   fuzz/corpus/TARGET/        the smallest input for each branch
 *   fuzz/regressions/TARGET/   one for each defect that was found, named after it
 *   out/fuzz/crashes/          what the last runs found
 */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Loaded, OWN_SLOTS, ROOT } from './build.ts'
import { Features } from './features.ts'
import { failureOf } from './loop.ts'
import type { AnyTarget, Target } from './target.ts'

export interface TargetModule {
  readonly target: AnyTarget
}

export interface InputFile<I> {
  /** From the repository's root. */
  readonly path: string
  readonly input: I
}

export type Shelf = 'corpus' | 'regressions'

/** The inputs of a target in the order of their names. */
export function readInputs<I>(target: Target<I>, shelf: Shelf): InputFile<I>[] {
  const folder = join(ROOT, 'fuzz', shelf, target.name)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map((name) => readInput(target, join(folder, name)))
}

/** @throws Error naming the file, where it cannot be read or is no input of this target. */
export function readInput<I>(target: Target<I>, file: string): InputFile<I> {
  const path = relative(ROOT, file)
  try {
    return { path, input: target.fromFile(new Uint8Array(readFileSync(file))) }
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`)
  }
}

/** Puts the inputs in the place of the target's corpus. @returns how many files it has now. */
export function writeCorpus<I>(target: Target<I>, inputs: readonly I[]): number {
  const folder = join(ROOT, 'fuzz/corpus', target.name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const input of inputs) writeInput(target, input, folder)
  return readdirSync(folder).length
}

/** Writes an input that shows a defect. @returns the file, from the repository's root. */
export function writeCrash<I>(target: Target<I>, input: I): string {
  const folder = join(ROOT, 'out/fuzz/crashes')
  mkdirSync(folder, { recursive: true })
  return relative(ROOT, writeInput(target, input, folder, `${target.name}-`))
}

/** A file is named after what it holds, so that the same input is written once. */
function writeInput<I>(target: Target<I>, input: I, folder: string, prefix = ''): string {
  const octets = target.toFile(input)
  const name = createHash('sha256').update(octets).digest('hex').slice(0, 12)
  const file = join(folder, `${prefix}${name}.${target.extension}`)
  writeFileSync(file, octets)
  return file
}

/** The fewest and smallest inputs that still take every branch: what is worth committing. */
export function smallestCover<I>(
  { counters }: Loaded<unknown>,
  target: Target<I>,
  inputs: readonly I[],
): I[] {
  const branches = counters.subarray(0, counters.length - OWN_SLOTS)
  const features = new Features<I>(counters)
  const seen = new Uint8Array(branches.length)
  const sorted = [...inputs].sort((a, b) => target.size(a) - target.size(b))
  return sorted.filter((input) => {
    features.clear()
    if (failureOf(target, input) !== null) return false
    let isNews = false
    for (let i = 0; i < branches.length; i++) {
      if (branches[i] === 0 || seen[i] !== 0) continue
      seen[i] = 1
      isNews = true
    }
    return isNews
  })
}
