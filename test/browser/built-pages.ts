/** Whoever compiled only the tests has scripts of yesterday in dist/page: once for each file of tests they are made anew. */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

execFileSync(process.execPath, [fileURLToPath(new URL('../../../scripts/build-pages.mjs', import.meta.url))])
