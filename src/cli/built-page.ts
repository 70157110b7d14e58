/** What `npm run build` makes for pages: scripts and styles in dist/page, beside dist/src. */

import { readFileSync } from 'node:fs'
import { InputError } from './arguments.ts'

/** @throws InputError where it has not been built. */
export function builtPage(name: string): string {
  try {
    return readFileSync(new URL(`../../page/${name}`, import.meta.url), 'utf8')
  } catch {
    throw new InputError(`dist/page/${name} is missing: \`npm run build\` makes it`)
  }
}
