/** Which scripts are meant: files as they are named, folders with all that is in them. */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from './arguments.ts'

/** The scripts below the names given, each once; those of a folder by name. @throws InputError */
export function scriptsBelow(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => (isFolder(name) ? inFolder(name) : [name])))]
}

/** @throws InputError */
export function readScript(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    throw new InputError(`cannot read ${file}: ${(error as Error).message}`)
  }
}

function isFolder(name: string): boolean {
  try {
    return statSync(name).isDirectory()
  } catch {
    throw new InputError(`cannot read ${name}: there is no such file or folder`)
  }
}

function inFolder(folder: string): string[] {
  const found: string[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...inFolder(path))
    else if (entry.name.endsWith('.pkt')) found.push(path)
  }
  return found
}
