/** The optional package koffi, which calls C functions; loaded at run time, and described where it is used. */

import { TunError } from './tun-errors.ts'

/**
 * The module, as that part of it which the caller describes.
 *
 * @param who what needs it, as the beginning of a sentence: "A TUN device needs".
 * @throws TunError 'NO_KOFFI' where it is not installed.
 */
export async function importKoffi<T>(who: string): Promise<T> {
  // A variable, so that the compiler does not ask for a package that may not be installed.
  const name: string = 'koffi'
  try {
    const loaded = (await import(name)) as { default?: T } & T
    return loaded.default ?? loaded
  } catch (error) {
    throw new TunError(
      'NO_KOFFI',
      `${who} the optional package koffi, which could not be loaded ` +
        `(${(error as Error).message.split('\n')[0]}).\nInstall it:  npm install koffi`,
    )
  }
}
