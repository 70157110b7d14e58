/** The HTML file of a connection, as `elko diagram`, `elko graph` and `elko states` write it with `-o FILE.html`. */

import { type ViewerConnection, viewerPage } from '../diagram/viewer-page.ts'
import { builtPage } from './built-page.ts'

/**
 * @param still what is seen of it where no script runs: a picture as SVG
 * @throws InputError where the page's script has not been built
 */
export function htmlPage(connection: ViewerConnection, still: string): string {
  const [script, style] = [builtPage('viewer.js'), builtPage('viewer.css')]
  return viewerPage(connection, { script, style, still })
}
