/** A file that is read in one piece, and what is wrong with one that cannot be used. */

import { readFileSync } from 'node:fs'
import { InputError } from './arguments.ts'

/** @param path "-": standard input. @throws InputError */
export function wholeFile(path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path)
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${fileTrouble(error)}`)
  }
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space left',
  ENOTDIR: 'a part of its path is no folder',
  EEXIST: 'a part of its path is no folder',
  EROFS: 'the file system is read-only',
}

/** Node's error in words. @param missing what it means that something of the path is not there. */
export function fileTrouble(error: unknown, missing = 'there is no such file'): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ENOENT' ? missing : (WORDS[code ?? ''] ?? message)
}
