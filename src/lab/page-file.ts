/** The page of the lab as one file: script and style stand in it, and it asks the network for nothing. */

import { themeStyle } from '../svg/theme.ts'

/** What was built of src/page/lab: dist/page/lab.js and lab.css. */
export interface LabPageParts {
  readonly script: string
  readonly style: string
}

/** Where the page's script puts everything. */
export const LAB_PLACE = 'lab'

/** Nothing is loaded from anywhere; pictures are made here. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"

/** @throws RangeError where the script would end its own element: scripts/build-pages.mjs writes none that does. */
export function labPageFile({ script, style }: LabPageParts): string {
  if (/<\/script|<!--/i.test(script))
    throw new RangeError('a script that ends its own element cannot be inlined')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="generator" content="Elko">
<title>Elko lab</title>
<link rel="icon" href="data:,">
<style id="page-style">${themeStyle(':root')}${style}</style>
</head>
<body>
<div id="${LAB_PLACE}"><noscript>The lab runs TCP in your browser: it needs JavaScript.</noscript></div>
<script>${script}</script>
</body>
</html>
`
}
