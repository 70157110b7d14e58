/** The HTML file of a connection, as `elko diagram`, `elko graph` and `elko states` write it with `-o FILE.html`. */

import { readFileSync } from 'node:fs'
import { type ViewerConnection, viewerPage } from '../diagram/viewer-page.ts'

/**
 * @param still what is seen of it where no script runs: a picture as SVG
 * @throws Error where the script has not been built: `npm run build` makes dist/page.
 */
export function htmlPage(connection: ViewerConnection, still: string): string {
  const built = (name: string): string => readFileSync(new URL(`../../page/${name}`, import.meta.url), 'utf8')
  return viewerPage(connection, { script: built('viewer.js'), style: built('viewer.css'), still })
}
