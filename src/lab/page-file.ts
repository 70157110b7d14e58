/** The page of the lab as one file: script and style stand in it, and it asks the network for nothing. */

import { htmlFile } from '../svg/html-file.ts'

/** What was built of src/page/lab: dist/page/lab.js and lab.css. */
export interface LabPageParts {
  readonly script: string
  readonly style: string
}

/** Where the page's script puts everything. */
export const LAB_PLACE = 'lab'

/** @throws RangeError where the script would end its own element: scripts/build-pages.mjs writes none that does. */
export function labPageFile({ script, style }: LabPageParts): string {
  const noScript = '<noscript>The lab runs TCP in your browser: it needs JavaScript.</noscript>'
  const body = [`<div id="${LAB_PLACE}">${noScript}</div>`]
  return htmlFile({ title: 'Elko lab', style, body, isServed: true, script })
}
