/**
 * Makes an instrumented copy of a compiled module and of all that it imports, and loads it. The copy stands in a folder
 * of its own for the time of the load, so that one process can load several, each with its own counters or its own fault.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { EDGES_GLOBAL, instrument } from './instrument.ts'

/** The compiled tree, dist/, and the repository's root. */
const DIST = fileURLToPath(new URL('..', import.meta.url))
export const ROOT = resolve(DIST, '..')

/** Slots for features that a target counts itself, behind those of the branches. */
export const OWN_SLOTS = 4096

/** A deliberate fault: the one place of a compiled file that reads `find` reads `replace` instead. */
export interface Fault {
  /** From dist/, with slashes: 'src/wire/tcp-options.js'. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A branch by the file, from dist/, and its line there. */
export interface Place {
  readonly file: string
  readonly line: number
}

export interface Loaded<M> {
  readonly module: M
  /** One counter for each branch, then the target's own. */
  readonly counters: Uint16Array
  readonly places: readonly Place[]
}

let copies = 0

/**
 * @param entry from dist/: 'fuzz/targets/packet.js'.
 * @throws Error where a fault's text does not stand exactly once in its file.
 */
export async function load<M>(entry: string, faults: readonly Fault[] = []): Promise<Loaded<M>> {
  const folder = join(ROOT, 'out/fuzz/build', `${process.pid}-${++copies}`)
  const places: Place[] = []
  for (const file of importedBy(entry)) {
    let text = readFileSync(join(DIST, file), 'utf8')
    // The copy has no map: whoever looks for one finds nothing.
    text = text.replace(/^\/\/# sourceMappingURL=.*$/m, '')
    for (const fault of faults) if (fault.file === file) text = withFault(text, fault)
    if (isInstrumented(file)) {
      const instrumented = instrument(file, text, places.length)
      text = instrumented.text
      for (const line of instrumented.lines) places.push({ file, line })
    }
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const counters = new Uint16Array(places.length + OWN_SLOTS)
  Object.assign(globalThis, { [EDGES_GLOBAL]: counters })
  try {
    const module = (await import(pathToFileURL(join(folder, entry)).href)) as M
    return { module, counters, places }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is under test is counted; targets, oracles and the random numbers of both are not. */
function isInstrumented(file: string): boolean {
  return file.startsWith('src/') && !file.startsWith('src/sim/')
}

/** The file and all that it imports, from dist/. */
function importedBy(entry: string): string[] {
  const found = new Set([entry])
  for (const file of found) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(DIST, file), 'utf8'), true, true)
    for (const { fileName } of importedFiles) {
      if (!fileName.startsWith('.')) continue
      found.add(relative(DIST, resolve(DIST, dirname(file), fileName)).replaceAll('\\', '/'))
    }
  }
  return [...found]
}

function withFault(text: string, { file, find, replace }: Fault): string {
  const parts = text.split(find)
  if (parts.length !== 2) throw new Error(`${file} has '${find}' ${parts.length - 1} times, not once`)
  return parts.join(replace)
}
